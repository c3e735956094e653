package skew

import (
	"sync/atomic"
	"time"
)

const (
	// least is what a network and the seconds of a Date field can pretend.
	least = 30 * time.Second
	// most is what a clock in a wrong time zone is off by, and the date line. A Date
	// further off says more of the server than of the clock, and a client must not sign
	// for a time that is years away.
	most = 24 * time.Hour
)

// Skew is how far a server's clock is ahead. The zero Skew is none; it is safe for
// concurrent use.
type Skew struct{ offset atomic.Int64 }

// Learn takes the Date of an answer (RFC 9110 §6.6.1), whose request was sent and which
// was received at these times of the own clock. The server wrote it in between, so only
// what lies outside counts.
func (s *Skew) Learn(date, sent, received time.Time) {
	var offset time.Duration
	switch {
	case date.After(received):
		offset = date.Sub(received)
	case date.Before(sent): // as any is that was cut to its second, which is too little to count
		offset = date.Sub(sent)
	}
	switch {
	case offset.Abs() <= least, offset.Abs() > most:
		s.offset.Store(0)
	case (offset - s.Offset()).Abs() > least: // else it is the same, measured less well
		s.offset.Store(int64(offset))
	}
}

// Offset returns how far the server's clock is ahead; zero for not noticeably.
func (s *Skew) Offset() time.Duration { return time.Duration(s.offset.Load()) }
