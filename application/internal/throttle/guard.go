package throttle

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// patience is what a cache may take for a mark: a mark spares a request and must not
// cost more than one.
const patience = 2 * time.Second

// Guard decides whether a request may be sent, and remembers what came of it. It keeps
// everything in the cache, and is safe for concurrent use.
type Guard struct {
	cache  ports.HTTPCache
	clock  ports.Clock
	report func(operation string, err error) // a cache that fails
}

// New returns a guard. report is told of a cache that fails, which costs a request
// and nothing else.
func New(cache ports.HTTPCache, clock ports.Clock, report func(string, error)) *Guard {
	return &Guard{cache: cache, clock: clock, report: report}
}

// Proof tells whether Request.Refusal changes when the client's credential does.
type Proof int

// What is known of the credential.
const (
	ProofKnown   Proof = iota // another credential gives another Refusal
	ProofUnknown              // the next request may have another one under the same Refusal
)

// Request is what the guard must know of a request. Pause and Refusal are made by [Key].
type Request struct {
	Operation, Host string // for errors
	// Pause is what all requests have in common that a pause is for.
	Pause string
	// Refusal is what identical requests have in common; "" for a request whose refusal
	// is not remembered.
	Refusal string
	Proof   Proof
	// Forced requests are sent although identical ones were refused.
	Forced bool
}

// Key returns a digest of parts; other parts give another one.
func Key(parts ...string) string {
	var text []byte
	for _, p := range parts {
		text = binary.BigEndian.AppendUint64(text, uint64(len(p)))
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// The marks' places in the cache.
const (
	pausePrefix   = "throttle.pause."
	refusalPrefix = "throttle.refusal."
)

// Pass is a request under way.
type Pass struct {
	guard    *Guard
	request  Request
	failures int  // before this request
	marked   bool // there is an old pause to take away
}

// Enter returns the pass of a request that may be sent, and otherwise a
// [*domain.ThrottledError]. A mark that cannot be read counts as absent.
func (g *Guard) Enter(ctx context.Context, r Request) (Pass, error) {
	now := g.clock.Now()
	p := Pass{guard: g, request: r}
	if m, ok := g.read(ctx, pausePrefix+r.Pause); ok {
		if m.holds(now) {
			return Pass{}, m.err(r)
		}
		p.failures, p.marked = m.recent(now), true
	}
	if r.Forced || r.Refusal == "" {
		return p, nil
	}
	if m, ok := g.read(ctx, refusalPrefix+r.Refusal); ok && m.holds(now) {
		return Pass{}, m.err(r)
	}
	return p, nil
}

// Done remembers what came of the request: nil, or the error of whoever read the
// answer.
func (p Pass) Done(ctx context.Context, err error) {
	if err == nil {
		p.succeeded(ctx)
		return
	}
	switch v := judge(err, p.failures, p.request.Proof); {
	case v.failed:
		p.pause(ctx, err, v.pause, p.failures+1)
	case v.pause > 0:
		p.pause(ctx, err, v.pause, 0)
	case v.refused > 0 && p.request.Refusal != "":
		p.guard.write(ctx, refusalPrefix+p.request.Refusal, err, v.refused, 0)
	}
}

// pause begins one, unless one is on that ends later: somebody else, perhaps in another
// process, had an answer while this request was under way.
func (p Pass) pause(ctx context.Context, err error, pause time.Duration, failures int) {
	if until, on := p.paused(ctx); !on || until.Before(p.guard.clock.Now().Add(pause)) {
		p.guard.write(ctx, pausePrefix+p.request.Pause, err, pause, failures)
	}
}

// paused reports the pause that began while the request was under way, if one did.
func (p Pass) paused(ctx context.Context) (until time.Time, on bool) {
	ctx = context.WithoutCancel(ctx) // an answer is there, whoever has gone meanwhile
	m, ok := p.guard.read(ctx, pausePrefix+p.request.Pause)
	return m.Until, ok && m.holds(p.guard.clock.Now())
}

// succeeded takes away the marks that the answer has disproved.
func (p Pass) succeeded(ctx context.Context) {
	if p.marked {
		if _, on := p.paused(ctx); !on {
			p.guard.remove(ctx, pausePrefix+p.request.Pause)
		}
	}
	if p.request.Forced && p.request.Refusal != "" {
		p.guard.remove(ctx, refusalPrefix+p.request.Refusal)
	}
}

func (g *Guard) read(ctx context.Context, key string) (mark, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, _, err := g.cache.Get(ctx, key)
	if err != nil {
		g.report("read a throttling mark", err)
		return mark{}, false
	}
	return parse(value)
}

func (g *Guard) write(ctx context.Context, key string, cause error, pause time.Duration, failures int) {
	now := g.clock.Now()
	keep := time.Duration(0) // beyond the pause
	if failures > 0 {
		keep = memory
	}
	m, ok := markOf(cause, now, pause, failures)
	if !ok {
		return
	}
	value, err := json.Marshal(m)
	if err == nil {
		ctx, cancel := settled(ctx)
		defer cancel()
		err = g.cache.Set(ctx, key, value, now.Add(pause+keep))
	}
	if err != nil {
		g.report("store a throttling mark", err)
	}
}

func (g *Guard) remove(ctx context.Context, key string) {
	ctx, cancel := settled(ctx)
	defer cancel()
	if err := g.cache.Delete(ctx, key); err != nil {
		g.report("remove a throttling mark", err)
	}
}

// settled is a context for what an answer has settled, whoever has gone meanwhile.
func settled(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}
