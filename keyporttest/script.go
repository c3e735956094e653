package keyporttest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Rule scripts answers: what of a request to match, and what to answer in place of
// the real answer. Zero fields match everything and change nothing.
type Rule struct {
	Endpoint Endpoint // which requests
	Host     string
	ClientID string
	Match    func(*http.Request, url.Values) bool

	Times int // how often; 0 for always

	Delay  time.Duration // on the server's clock, before the answer
	Err    error         // the connection breaks with it
	Status int           // 0: 200
	Header http.Header
	Body   string           // the answer; with Status, Reader or Err all empty the real one is given
	Reader func() io.Reader // in place of Body, for large ones
	Length int64            // Content-Length, when it shall lie; 0: the truth, -1: none

	left int
}

// Script adds rules. The first that matches and has not been used up decides.
func (a *Authority) Script(rules ...Rule) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range rules {
		r.left = r.Times
		a.rules = append(a.rules, &r)
	}
}

func (a *Authority) scripted(r *http.Request, p place, form url.Values) (answer, bool) {
	rule := a.take(r, p, form)
	if rule == nil {
		return answer{}, false
	}
	if err := a.clock.Sleep(r.Context(), rule.Delay); err != nil {
		return answer{err: err}, true
	}
	if rule.Err != nil {
		return answer{err: rule.Err}, true
	}
	if rule.Status == 0 && rule.Body == "" && rule.Reader == nil {
		return answer{}, false
	}
	out := text(max(rule.Status, http.StatusOK), rule.Body)
	if rule.Status != 0 {
		out.status = rule.Status
	}
	if rule.Reader != nil {
		out.body, out.length = rule.Reader(), -1
	}
	if rule.Length != 0 {
		out.length = rule.Length
	}
	for name, values := range rule.Header {
		out.header[http.CanonicalHeaderKey(name)] = values
	}
	return out, true
}

// take finds the rule for a request and counts its use.
func (a *Authority) take(r *http.Request, p place, form url.Values) *Rule {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, rule := range a.rules {
		if (rule.Times > 0 && rule.left == 0) || !rule.matches(r, p, form) {
			continue
		}
		rule.left--
		used := *rule
		return &used
	}
	return nil
}

func (rule *Rule) matches(r *http.Request, p place, form url.Values) bool {
	return (rule.Endpoint == "" || rule.Endpoint == p.endpoint) &&
		(rule.Host == "" || rule.Host == r.URL.Host) &&
		(rule.ClientID == "" || rule.ClientID == form.Get("client_id")) &&
		(rule.Match == nil || rule.Match(r, form))
}

// Hold keeps requests waiting. Make it with [Authority.Hold].
type Hold struct {
	endpoint Endpoint

	mu       sync.Mutex // guards what follows
	waiting  int
	arrived  chan struct{} // closed and replaced at each arrival
	released chan struct{}
	open     bool
}

// Hold makes requests to an endpoint wait until Release.
func (a *Authority) Hold(e Endpoint) *Hold {
	h := &Hold{endpoint: e, arrived: make(chan struct{}), released: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.holds = append(a.holds, h)
	return h
}

// Waiting returns how many requests wait.
func (h *Hold) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting
}

// WaitFor returns when n requests wait, or ctx ends.
func (h *Hold) WaitFor(ctx context.Context, n int) error {
	for {
		h.mu.Lock()
		enough, arrived := h.waiting >= n, h.arrived
		h.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Release lets go of those who wait, and of all who come.
func (h *Hold) Release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open {
		h.open = true
		close(h.released)
	}
}

// wait keeps a request at every hold of its endpoint.
func (a *Authority) wait(r *http.Request, p place) error {
	a.mu.Lock()
	holds := append([]*Hold(nil), a.holds...)
	a.mu.Unlock()
	for _, h := range holds {
		if h.endpoint != p.endpoint {
			continue
		}
		if err := h.stay(r.Context()); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hold) stay(ctx context.Context) error {
	h.mu.Lock()
	h.waiting++
	close(h.arrived)
	h.arrived = make(chan struct{})
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.waiting--
		h.mu.Unlock()
	}()
	select {
	case <-h.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
