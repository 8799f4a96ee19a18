/*
 * Two database nodes: A is the primary, B follows it and may be promoted. The barrier reads the node that a gateway holds
 * for the primary; a gateway may hold on to A for as long as A answers.
 *
 * Right: the standby is synchronous, and A is dead before B is promoted (fencing). Right as well, without fencing:
 * QUORUM_BARRIER, in which a check is worth something only once the standby has confirmed a record written after it.
 *
 * Deliberate defects:
 *   ASYNC_STANDBY   a commit does not wait for the standby
 *   UNFENCED        B is promoted while A still answers
 *   UNFENCED with QUORUM_BARRIER and ASYNC_STANDBY
 * REACHABLE makes the release itself the error: it must be found.
 */
bool onA, onB;          /* the revocation can be read there */
bool writtenOnA;        /* in A's log, not yet readable */
bool told;
bool follows = true;    /* B takes A's log */
bool aIsDead, bIsPrimary;

proctype Merchant() {
  if
  :: atomic { !aIsDead -> writtenOnA = true };
#ifdef ASYNC_STANDBY
     if :: atomic { !aIsDead -> onA = true } :: aIsDead -> goto untold fi
#else
     if
     :: atomic { !aIsDead && follows -> onB = true };
        if :: atomic { !aIsDead -> onA = true } :: aIsDead -> goto untold fi
     :: !follows || aIsDead -> goto untold
     fi
#endif
  :: atomic { bIsPrimary -> onB = true }
  fi;
  told = true;
untold: skip
}

proctype LogStream() {
#ifdef ASYNC_STANDBY
  if
  :: atomic { follows && writtenOnA -> onB = true }
  :: true
  fi
#else
  skip
#endif
}

proctype Failover() {
  if
  :: true ->
     follows = false;
#ifndef UNFENCED
     aIsDead = true;
#endif
     bIsPrimary = true
  :: true
  fi
}

proctype Inquiry() {
  bool late, live;
  late = told;
  if
  :: atomic { !aIsDead -> live = !onA };
#ifdef QUORUM_BARRIER
     if :: follows -> skip :: !follows -> goto closed fi
#else
     if :: !aIsDead -> skip :: aIsDead -> goto closed fi
#endif
  :: atomic { bIsPrimary -> live = !onB }
  :: goto closed
  fi;
  if
  :: live ->
#ifdef REACHABLE
     assert(false);
#endif
     assert(!late)
  :: else
  fi;
closed: skip
}

init { atomic { run Merchant(); run LogStream(); run Failover(); run Inquiry(); run Inquiry() } }
