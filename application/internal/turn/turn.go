package turn

import (
	"context"
	"sync"
)

// Queue has a line for each key. The zero Queue is ready; it must not be copied.
type Queue[K comparable] struct {
	mu    sync.Mutex // guards lines
	lines map[K]*line
}

type line struct {
	turn chan struct{} // holds one message while it is nobody's turn
	size int           // those in the line, the one whose turn it is included; guarded by Queue.mu
}

// Take waits for the caller's turn, or until ctx ends. The caller must call done when
// its turn is over, and look again at what it knew before: others had turns.
func (q *Queue[K]) Take(ctx context.Context, key K) (done func(), err error) {
	l := q.join(key)
	select {
	case <-l.turn:
		return func() { q.pass(key, l) }, nil
	case <-ctx.Done():
		q.leave(key, l)
		return nil, ctx.Err()
	}
}

func (q *Queue[K]) join(key K) *line {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[key]
	if l == nil {
		if q.lines == nil {
			q.lines = make(map[K]*line)
		}
		l = &line{turn: make(chan struct{}, 1)}
		l.turn <- struct{}{}
		q.lines[key] = l
	}
	l.size++
	return l
}

func (q *Queue[K]) pass(key K, l *line) {
	l.turn <- struct{}{}
	q.leave(key, l)
}

func (q *Queue[K]) leave(key K, l *line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l.size--; l.size == 0 {
		delete(q.lines, key)
	}
}
