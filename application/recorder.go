package application

import (
	"context"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// recorder collects what the event of one acquisition, or of one renewal in the
// background, will tell. There is one only when somebody listens, and it travels in the
// context; its methods do nothing on a nil one. A flight may go on when the caller whose
// recorder it has is gone, so a recorder has a lock.
type recorder struct {
	core *core

	mu    sync.Mutex // guards what follows
	event domain.AcquisitionEvent
	who   person
}

// person is who and where an acquisition is for. Both are personal data.
type person struct {
	account domain.Account
	tenant  string
}

type recorderKey struct{}

// recorder returns the recorder of the work under way; nil when nobody listens. That of
// another client is not this one's: a credential callback may ask one for a token.
func (c *core) recorder(ctx context.Context) *recorder {
	if !c.watched {
		return nil
	}
	if r, _ := ctx.Value(recorderKey{}).(*recorder); r != nil && r.core == c {
		return r
	}
	return nil
}

// watch begins to record an acquisition, if anybody listens. Callers look at core.watched
// before: a client that nobody watches takes no time for it, not even that of a call.
func (c *core) watch(ctx context.Context, id domain.APIID, who person) (context.Context, *recorder) {
	if ctx == nil || c.observer == nil && !c.debugs(ctx) { // a nil context is refused later
		return ctx, nil
	}
	return c.record(ctx, id, who)
}

func (c *core) record(ctx context.Context, id domain.APIID, who person) (context.Context, *recorder) {
	if who.tenant == "" {
		who.tenant = c.tenant
	}
	r := &recorder{core: c, who: who, event: domain.AcquisitionEvent{Activity: domain.Activity{
		API: id, ClientID: c.clientID, Environment: c.environment, AuthorityKind: c.authority.Kind(), Start: c.ports.Clock.Now(),
	}}}
	return context.WithValue(ctx, recorderKey{}, r), r
}

// note changes the event.
func (r *recorder) note(change func(*domain.AcquisitionEvent)) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.event)
}

// part is one of the durations.
type part func(*domain.Durations) *time.Duration

func inCache(d *domain.Durations) *time.Duration   { return &d.Cache }
func inHTTP(d *domain.Durations) *time.Duration    { return &d.HTTP }
func inSigning(d *domain.Durations) *time.Duration { return &d.Signing }
func inWaiting(d *domain.Durations) *time.Duration { return &d.Waiting }

// spend adds the time until done is called to a part.
func (r *recorder) spend(p part) (done func()) {
	if r == nil {
		return func() {}
	}
	start := r.core.ports.Clock.Now()
	return func() { r.add(p, r.core.ports.Clock.Now().Sub(start)) }
}

func (r *recorder) add(p part, d time.Duration) {
	r.note(func(e *domain.AcquisitionEvent) { *p(&e.Durations) += d })
}

// requests counts an HTTP request and measures it: package exchange calls it.
func (c *core) requests(ctx context.Context) (done func()) {
	r := c.recorder(ctx)
	r.note(func(e *domain.AcquisitionEvent) { e.Requests++ })
	return r.spend(inHTTP)
}

// ended tells who listens how the acquisition ended. It is deferred, so it sees one that
// panics too: that has neither a result nor an error.
func (r *recorder) ended(ctx context.Context, result *domain.Result, err *error) {
	if r == nil {
		return
	}
	event, who := r.closed()
	switch {
	case *err != nil:
		event.Failure = failureOf(*err)
		event.Throttled = event.Failure.Kind == domain.ErrorThrottled
	case result.Metadata.Source == 0:
		event.Failure = domain.Failure{Kind: domain.ErrorOther}
	default:
		event.Source, event.RefreshReason, event.TokenType = result.Metadata.Source, result.Metadata.RefreshReason, result.TokenType
		if !result.ExpiresOn.IsZero() {
			event.RemainingLife = result.ExpiresOn.Sub(event.Start.Add(event.Durations.Total))
		}
		if !result.Account.IsZero() {
			who.account = result.Account
		}
		if _, at := result.Filed(); at.Tenant != "" {
			who.tenant = at.Tenant
		}
	}
	r.core.observe(ctx, event)
	r.core.logAcquisition(ctx, event, who, *err)
}

// closed returns the event with its total.
func (r *recorder) closed() (domain.AcquisitionEvent, person) {
	now := r.core.ports.Clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.event.Durations.Total = now.Sub(r.event.Start)
	return r.event, r.who
}
