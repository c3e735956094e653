package keyport_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// schedule decides in which order goroutines go on. All that touches the outside waits
// at it before and after: whatever can happen in between two crossings of a port in any
// run of a program can be drawn, and drawn again when a test shrinks. It needs a
// synctest bubble, which tells when everybody waits.
type schedule struct {
	mu      sync.Mutex // guards what follows
	on      bool
	waiting []*visitor
	visits  map[string]int
}

// visitor waits at a port.
type visitor struct {
	name string
	pass chan struct{}
}

type actorKey struct{}

// as names who does what follows. Flights keep the name of whoever started them.
func as(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// cross waits for the goroutine's turn.
func (s *schedule) cross(ctx context.Context, port string) error {
	s.mu.Lock()
	if !s.on {
		s.mu.Unlock()
		return ctx.Err()
	}
	name := fmt.Sprintf("%v %s", ctx.Value(actorKey{}), port)
	s.visits[name]++
	v := &visitor{fmt.Sprintf("%s %03d", name, s.visits[name]), make(chan struct{})}
	s.waiting = append(s.waiting, v)
	s.mu.Unlock()
	select {
	case <-v.pass:
		return ctx.Err()
	case <-ctx.Done():
		s.take(v)
		return ctx.Err()
	}
}

func (s *schedule) take(v *visitor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(o *visitor) bool { return o == v })
}

// queue is who waits once nobody can go on, in an order that is the same in every run.
func (s *schedule) queue() []*visitor {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.waiting, func(a, b *visitor) int { return strings.Compare(a.name, b.name) })
	return slices.Clone(s.waiting)
}

// run draws whose turn it is until nobody waits. In between, something else may happen.
func (s *schedule) run(t *rapid.T, events map[string]func()) {
	names := make([]string, 0, len(events))
	for name := range events {
		names = append(names, name)
	}
	slices.Sort(names)
	for queue := s.queue(); len(queue) > 0; queue = s.queue() {
		// Small numbers are turns, so that a failure shrinks to few events.
		if i := rapid.IntRange(0, 10*len(names)).Draw(t, "turn or event") - 9*len(names); i > 0 {
			t.Log(names[i-1])
			events[names[i-1]]()
			continue
		}
		v := queue[rapid.IntRange(0, len(queue)-1).Draw(t, "whose turn")]
		t.Log(v.name)
		s.take(v)
		close(v.pass)
	}
}

// scheduledCache is a token cache at which everybody waits.
type scheduledCache struct {
	ports.TokenCache
	*schedule
}

func (c scheduledCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	if err := c.cross(ctx, "asks the cache"); err != nil {
		return domain.TokenSet{}, err
	}
	set, err := c.TokenCache.Load(ctx, key)
	if waited := c.cross(ctx, "has asked the cache"); waited != nil {
		return domain.TokenSet{}, waited
	}
	return set, err
}

func (c scheduledCache) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	if err := c.cross(ctx, "stores"); err != nil {
		return err
	}
	err := c.TokenCache.Update(ctx, key, change)
	if waited := c.cross(ctx, "has stored"); waited != nil {
		return waited
	}
	return err
}

func (c scheduledCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		if err := c.cross(ctx, "lists"); err != nil {
			yield(domain.PartitionKey{}, err)
			return
		}
		c.TokenCache.Keys(ctx, f)(yield)
	}
}

// scheduledServer is a server at which everybody waits: with the question, and with the
// answer.
type scheduledServer struct {
	*keyporttest.Authority
	*schedule
}

// Do implements ports.HTTPClient.
func (s scheduledServer) Do(r *http.Request) (*http.Response, error) {
	if err := s.cross(r.Context(), "sends"); err != nil {
		return nil, err
	}
	answer, err := s.Client().Do(r)
	if waited := s.cross(r.Context(), "has been answered"); waited != nil && err == nil {
		_ = answer.Body.Close()
		return nil, waited
	}
	return answer, err
}
