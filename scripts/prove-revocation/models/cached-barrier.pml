/*
 * The barrier with a memory, which this house does not use: a statement brings what changed since the stamp of the last
 * one. Transactions run side by side, some are rolled back, and the database may crash: then what was not committed is
 * gone, and transaction ids above the highest one in the flushed log are issued again.
 *
 * Right: the stamp is the oldest transaction still open at the statement's snapshot, and the memory dies with its
 * connection. Promised: who asks after the merchant was told is not answered from a memory that says "live".
 *
 * Deliberate defects, one at a time:
 *   KEPT_CACHE      the memory survives its connection
 *   WARM_START      a restarted gateway begins with a memory saved earlier
 *   EARLY_STAMP     the stamp runs one ahead
 *   SEQUENCE_EPOCH  the stamp is the highest visible number of a sequence, whose order is not that of commits
 * REACHABLE makes the answer itself the error: it must be found.
 */
#ifndef STATEMENTS
#define STATEMENTS 4
#endif
#ifndef OTHERS
#define OTHERS 3        /* other transactions */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

#define UNKNOWN 0
#define LIVE 1
#define REVOKED 2

/* the database */
byte next = 2, durable = 1, generation;
byte revokeOpen, otherOpen;      /* ids of open transactions, 0 for none */
byte revokeMark;                 /* what the row of the consent says wrote it */
byte sequence = 1, visible = 1;  /* numbers are drawn, and seen once committed; a crash takes none back */
bool revoked, told;

/* the gateway */
byte memory, stamp;
byte savedMemory, savedStamp;
byte connection;

inline commit(xid, number) {
  durable = (xid > durable -> xid : durable);
  visible = (number > visible -> number : visible)
}

inline forget() { memory = UNKNOWN; stamp = 0 }

proctype Merchant() {
  byte mine, number, born;
again: skip;
  d_step { mine = next; next++; revokeOpen = mine; sequence++; number = sequence; born = generation };
  if
  :: d_step { generation == born -> revoked = true; revokeOpen = 0; commit(mine, number);
#ifdef SEQUENCE_EPOCH
       revokeMark = number
#else
       revokeMark = mine
#endif
     }
  :: generation != born -> goto again
  fi;
  told = true
}

proctype Others() {
  byte n, mine, number, born;
  do
  :: n < OTHERS -> n++;
     d_step { mine = next; next++; otherOpen = mine; sequence++; number = sequence; born = generation };
     if
     :: d_step { generation == born -> otherOpen = 0; commit(mine, number) }
     :: d_step { generation == born -> otherOpen = 0 }     /* rolled back: nothing is flushed */
     :: generation != born
     fi
  :: n >= OTHERS -> break
  od
}

proctype Crash() {
  byte n;
  do
  :: d_step { n < CRASHES -> n++; generation++; next = durable + 1; revokeOpen = 0; otherOpen = 0 }
  :: true -> break
  od
}

proctype Gateway() {
  byte n, now, row;
  bool late, changed, restarted;
  do
  :: n < STATEMENTS -> n++;
     /* somebody asks; the statement reads one snapshot */
     d_step { late = told;
#ifndef KEPT_CACHE
       if :: connection != generation && !restarted -> forget() :: else fi;
#endif
       connection = generation; restarted = false;
#ifdef SEQUENCE_EPOCH
       changed = revoked && revokeMark > stamp;
       now = visible;
#else
       changed = revoked && revokeMark >= stamp;
       now = next;
       if :: otherOpen > 0 && otherOpen < now -> now = otherOpen :: else fi;
       if :: revokeOpen > 0 && revokeOpen < now -> now = revokeOpen :: else fi;
#endif
#ifdef EARLY_STAMP
       now++;
#endif
       row = (revoked -> REVOKED : LIVE) };
     /* its reply comes, or the connection is gone */
     if
     :: d_step { connection != generation ->
#ifndef KEPT_CACHE
          forget();
#endif
          late = false; changed = false; now = 0; row = UNKNOWN }
     :: d_step { connection == generation ->
          if
          :: now < stamp -> forget()                        /* truth went backwards */
          :: else ->
             if :: memory == UNKNOWN || changed -> memory = row :: else fi;
             stamp = now
          fi;
          changed = false; now = 0; row = UNKNOWN };
        if
        :: memory == LIVE ->
#ifdef REACHABLE
           assert(false);
#endif
           assert(!late)
        :: else
        fi
     fi
#ifdef WARM_START
  :: d_step { memory != UNKNOWN -> savedMemory = memory; savedStamp = stamp }
  :: d_step { savedMemory != UNKNOWN -> memory = savedMemory; stamp = savedStamp; restarted = true }
#endif
  :: n >= STATEMENTS -> break
  od
}

init { atomic { run Merchant(); run Others(); run Crash(); run Gateway() } }
