/*
 * The freshness barrier as this house runs it: gateways ask the primary in statements that callers share, one on the wire
 * at a time; a caller goes with the next one. A statement that takes too long is given up and its connection destroyed. An
 * answer that took long to fetch is checked again before it leaves.
 *
 * Promised: whoever asks after the merchant was told "revoked" is told nothing (R1); an answer that was long in the making
 * rests on a check that began when it was ready to leave (R2); without an answer of the truth there is none (R3).
 *
 * Deliberate defects, one at a time:
 *   JOIN_IN_FLIGHT    a caller joins the statement that is on the wire
 *   LATE_REPLY        the connection of a statement given up is used on; its reply is taken for the next one's
 *   FAIL_OPEN         while the truth is out of reach the last answer counts
 *   EARLY_ACK         the merchant is told before the commit
 *   NO_RELEASE_CHECK  the answer leaves on the check it began with
 *   STANDBY_READ      an asynchronous standby is asked
 *   TTL_CACHE         an earlier answer is good enough
 * REACHABLE makes the release itself the error: it must be found, or nothing was proved.
 */
#ifndef GATEWAYS
#define GATEWAYS 1
#endif
#ifndef INQUIRIES
#define INQUIRIES 2     /* at each gateway */
#endif
#ifndef STATEMENTS
#define STATEMENTS 4    /* that one gateway may send */
#endif
#ifndef KILLS
#define KILLS 1         /* of one gateway */
#endif

#define PENDING 0
#define LIVE 1
#define REVOKED 2
#define FAILED 3

#define IDLE 0
#define SENT 1
#define READ 2

bool revoked;           /* committed on the primary */
bool shipped;           /* to the standby */
bool told;              /* the merchant has read "revoked" */

typedef Gateway {
  byte number;                    /* of the statement sent last */
  byte result[STATEMENTS + 1];    /* of each statement */
  byte wire;                      /* where the statement on the wire is */
  byte reads;                     /* what it has read */
  byte lateWire;                  /* the same of a statement that was given up: LATE_REPLY */
  byte lateReads;
  byte known;                     /* the last answer: FAIL_OPEN, TTL_CACHE */
  byte life;
};
Gateway gateway[GATEWAYS];

#ifdef STANDBY_READ
#define TRUTH (shipped -> REVOKED : LIVE)
#else
#define TRUTH (revoked -> REVOKED : LIVE)
#endif

proctype Merchant() {
#ifdef EARLY_ACK
  told = true;
  revoked = true
#else
  revoked = true;
  told = true
#endif
}

proctype Shipping() {
  if
  :: revoked -> shipped = true
  :: true                          /* the standby lags for ever */
  fi
}

#define G gateway[g]

proctype Process(byte g) {
  do
  :: d_step { G.wire == IDLE && G.number < STATEMENTS -> G.number++; G.wire = SENT }
  :: d_step { G.wire == SENT -> G.reads = TRUTH; G.wire = READ }
  :: d_step { G.wire == READ -> G.result[G.number] = G.reads; G.known = G.reads; G.wire = IDLE; G.reads = PENDING }
  /* 250 ms are over, wherever the statement is */
  :: d_step { G.wire != IDLE -> G.result[G.number] = FAILED;
#ifdef LATE_REPLY
       G.lateWire = G.wire; G.lateReads = G.reads;
#endif
       G.wire = IDLE; G.reads = PENDING }
#ifdef LATE_REPLY
  :: d_step { G.lateWire == SENT -> G.lateReads = TRUTH; G.lateWire = READ }
  :: d_step { G.lateWire == READ && G.wire != IDLE -> G.result[G.number] = G.lateReads; G.known = G.lateReads;
       G.lateWire = G.wire; G.lateReads = G.reads; G.wire = IDLE; G.reads = PENDING }
#endif
  /* kill -9: who waited is gone, the next life knows nothing */
  :: d_step { G.life < KILLS ->
       if :: G.wire != IDLE -> G.result[G.number] = FAILED :: else fi;
       G.wire = IDLE; G.reads = PENDING; G.lateWire = IDLE; G.lateReads = PENDING; G.known = PENDING; G.life++ }
  :: G.number == STATEMENTS && G.wire == IDLE -> break
  od
}

proctype Inquiry(byte g) {
  byte ticket, life, verdict;
  bool late, again;
check: skip;
  d_step {
    late = told;
    life = G.life;
#ifdef JOIN_IN_FLIGHT
    ticket = (G.wire != IDLE -> G.number : G.number + 1);
#else
    ticket = G.number + 1;
#endif
  }
#ifdef TTL_CACHE
  d_step { verdict = G.known };
  if :: verdict != PENDING -> goto judged :: else fi;
#endif
  if
  :: ticket > STATEMENTS || G.life != life -> goto gone
  :: d_step { ticket <= STATEMENTS && G.life == life && G.result[ticket] != PENDING -> verdict = G.result[ticket] }
  fi;
#ifdef FAIL_OPEN
  d_step { verdict = (verdict == FAILED -> G.known : verdict) };
#endif
#ifdef TTL_CACHE
judged:
#endif
  if
  :: verdict == LIVE ->
     if
     :: true                       /* the sources were quick */
     :: !again -> again = true;    /* they were slow: once more, from the start */
#ifdef NO_RELEASE_CHECK
        late = told
#else
        goto check
#endif
     fi;
#ifdef REACHABLE
     assert(false);
#endif
     assert(!late)
  :: else
  fi;
gone: skip
}

init {
  byte g, i;
  atomic {
    run Merchant();
#ifdef STANDBY_READ
    run Shipping();
#endif
    for (g : 0 .. GATEWAYS - 1) {
      run Process(g);
      for (i : 1 .. INQUIRIES) { run Inquiry(g) }
    }
  }
}
