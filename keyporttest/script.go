package keyporttest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Rule scripts answers: what of a request to match, and what to answer in place of
// the real answer. Zero fields match everything and change nothing.
type Rule struct {
	Endpoint Endpoint // which requests
	Host     string
	ClientID string
	Match    func(*http.Request, url.Values) bool // the body is read: look at the form

	Times int // how often; 0 for always

	Delay  time.Duration    // on the server's clock, before the answer
	Err    error            // the connection breaks with it
	Status int              // 0: 200
	Header http.Header      // in place of those of the same name
	Body   string           // the answer; with Status, Body and Reader all empty the real one is given
	Reader func() io.Reader // in place of Body, for large ones
	Length int64            // Content-Length, when it shall lie; 0: the truth, -1: none
}

// script is a rule in use.
type script struct {
	Rule
	used int // guarded by the authority's mu
}

// Script adds rules. The first that matches and has not been used up decides.
func (a *Authority) Script(rules ...Rule) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range rules {
		a.rules = append(a.rules, &script{Rule: r})
	}
}

// scripted answers by the rules, or else truly.
func (a *Authority) scripted(ctx context.Context, x *exchange) answer {
	rule := a.take(x)
	if rule == nil {
		return a.respond(x)
	}
	if err := a.clock.Sleep(ctx, rule.Delay); err != nil {
		return answer{err: err}
	}
	if rule.Err != nil {
		return answer{err: rule.Err}
	}
	out := rule.instead()
	if rule.Status == 0 && rule.Body == "" && rule.Reader == nil {
		out = a.respond(x)
	}
	for name, values := range rule.Header {
		out.header[http.CanonicalHeaderKey(name)] = values
	}
	if rule.Length != 0 {
		out.length = rule.Length
	}
	return out
}

// instead is what the rule says, but for what it says about any answer.
func (rule *Rule) instead() answer {
	out := text(rule.Status, rule.Body)
	if rule.Status == 0 {
		out.status = http.StatusOK
	}
	if rule.Reader != nil {
		out.body, out.length = rule.Reader(), -1
	}
	return out
}

// take finds the rule for a request and counts its use.
func (a *Authority) take(x *exchange) *Rule {
	a.mu.Lock()
	rules := slices.Clone(a.rules)
	a.mu.Unlock()
	for _, s := range rules {
		if !a.isSpent(s, false) && s.matches(x) && !a.isSpent(s, true) {
			return &s.Rule
		}
	}
	return nil
}

// isSpent reports whether a rule was used as often as it says; when it was not, and
// use is set, that is one more time. Match runs between two calls and not under the
// lock, so that it may ask the authority.
func (a *Authority) isSpent(s *script, use bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Times > 0 && s.used >= s.Times {
		return true
	}
	if use {
		s.used++
	}
	return false
}

func (rule *Rule) matches(x *exchange) bool {
	return (rule.Endpoint == "" || rule.Endpoint == x.endpoint) &&
		(rule.Host == "" || rule.Host == x.request.URL.Host) &&
		(rule.ClientID == "" || rule.ClientID == x.clientID()) &&
		(rule.Match == nil || rule.Match(x.request, x.form))
}

// clientID is who the request says it is from.
func (x *exchange) clientID() string {
	if id := x.form.Get("client_id"); id != "" {
		return id
	}
	if user, _, ok := basic(x.request); ok {
		return user
	}
	if id := x.request.URL.Query().Get("client_id"); id != "" && x.endpoint != EndpointToken {
		return id
	}
	_, claims, _ := decodeJWT(x.form.Get("client_assertion"))
	id, _ := claims["sub"].(string)
	return id
}
