package application

import (
	"crypto/sha256"
	"maps"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const maxSpentFlows = 100_000

// spentFlows remembers which sign-ins have been completed, until they would have
// expired anyway: a flow serves once.
type spentFlows struct {
	mu    sync.Mutex // guards until
	until map[[sha256.Size]byte]time.Time
}

// spend reports whether the flow with this code verifier may be completed, and that
// it no longer may be afterwards. (States may be a program's own, and repeat.)
func (s *spentFlows) spend(verifier domain.Secret, now, expires time.Time) bool {
	digest := sha256.Sum256([]byte(verifier.Reveal()))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, spent := s.until[digest]; spent {
		return false
	}
	if s.until == nil {
		s.until = make(map[[sha256.Size]byte]time.Time)
	}
	if len(s.until) >= maxSpentFlows {
		maps.DeleteFunc(s.until, func(_ [sha256.Size]byte, t time.Time) bool { return t.Before(now) })
	}
	if len(s.until) >= maxSpentFlows {
		clear(s.until)
	}
	s.until[digest] = expires
	return true
}
