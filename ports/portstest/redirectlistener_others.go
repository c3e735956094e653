package portstest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// other is a request that is not the answer of the sign-in.
type other struct {
	name string
	make func(signIn) *http.Request
}

// strangers do not know the state.
func strangers() []other {
	with := func(state string) func(signIn) *http.Request {
		values := url.Values{"code": {"foreign"}, "state": {state}}
		return func(s signIn) *http.Request { return s.query(values) }
	}
	return []other{
		{"nothing", func(s signIn) *http.Request { return get(s.t.Context(), s.RedirectURI()) }},
		{"no state", func(s signIn) *http.Request { return s.query(url.Values{"code": {"foreign"}}) }},
		{"an error without a state", func(s signIn) *http.Request { return s.form(url.Values{"error": {"access_denied"}}) }},
		{"an empty state", with("")},
		{"a wrong state", with("wrong")},
		{"the beginning of the state", with(signInState[:len(signInState)-1])},
		{"more than the state", with(signInState + "A")},
		{"the state in capitals", with(strings.ToUpper(signInState))},
		{"the state and a blank", with(signInState + " ")},
		{"the state and NUL", with(signInState + "\x00")},
		{"a wrong state in a form", func(s signIn) *http.Request {
			return s.form(url.Values{"code": {"foreign"}, "state": {"wrong"}})
		}},
	}
}

// misshapen carry the state, but not as an answer does.
func misshapen() []other {
	method := func(method string) func(signIn) *http.Request {
		return func(s signIn) *http.Request {
			return request(s.t.Context(), method, s.RedirectURI()+"?"+good("by "+method).Encode(), http.NoBody)
		}
	}
	return []other{
		{"HEAD", method(http.MethodHead)},
		{"OPTIONS", method(http.MethodOptions)},
		{"PUT", method(http.MethodPut)},
		{"DELETE", method(http.MethodDelete)},
		{"JSON", func(s signIn) *http.Request {
			req := post(s.t.Context(), s.RedirectURI(), fmt.Sprintf(`{"code":"in JSON","state":%q}`, signInState))
			req.Header.Set("Content-Type", "application/json")
			return req
		}},
		{"a form that is called text", func(s signIn) *http.Request {
			req := s.form(good("as text"))
			req.Header.Set("Content-Type", "text/plain")
			return req
		}},
	}
}

func othersAreIgnored(t *testing.T, l ports.RedirectListener) {
	for _, o := range append(strangers(), misshapen()...) {
		s := listen(t, l, "")
		came := s.waitFor(signInState)
		stranger := s.send(o.make(s))
		var r reception
		mustReturn(t, "a request with "+o.name, func() {
			select {
			case r = <-came:
			case p := <-stranger:
				stranger <- p
			}
		})
		if r.values != nil || r.err != nil {
			t.Fatalf("Receive returns %q, %v for a request with %s", r.values, r.err, o.name)
		}
		if p := s.wait(stranger); p.err != nil {
			t.Errorf("a request with %s is not answered: %v", o.name, p.err)
		}
		s.complete(came, s.query(good("after "+o.name)), good("after "+o.name), nil)
	}
}

func othersTogetherAreIgnored(t *testing.T, l ports.RedirectListener) {
	s := listen(t, l, "")
	came := s.waitFor(signInState)
	all := append(strangers(), misshapen()...)
	pages := make([]chan shown, 0, callers*len(all))
	for range callers {
		for _, o := range all {
			pages = append(pages, s.send(o.make(s)))
		}
	}
	s.complete(came, s.form(good("among others")), good("among others"), nil)
	for _, page := range pages {
		s.wait(page) // the good request need not be the last
	}
}

func othersLearnNothing(t *testing.T, l ports.RedirectListener) {
	s := listen(t, l, "")
	came := s.waitFor(signInState)
	var first shown
	for i, o := range strangers() {
		p := s.wait(s.send(o.make(s)))
		text := p.body + fmt.Sprint(p.header)
		if strings.Contains(text, signInState) || strings.Contains(text, url.QueryEscape(signInState)) {
			t.Errorf("the answer to a request with %s has the state", o.name)
		}
		if i == 0 {
			first = p
		}
		if p.err == nil && (p.status < 400 || p.status >= 500) {
			t.Errorf("the answer to a request with %s has status %d, want one of 4xx", o.name, p.status)
		}
		if p.status != first.status || p.body != first.body {
			t.Errorf("the answer to a request with %s is not that to one with nothing", o.name)
		}
	}
	s.complete(came, s.query(good("code")), good("code"), nil)
}

func outcomesHavePages(t *testing.T, l ports.RedirectListener) {
	show := func(outcome error) string {
		s := listen(t, l, "")
		return s.complete(s.waitFor(signInState), s.query(good("code")), good("code"), outcome).body
	}
	success := show(nil)
	for _, outcome := range []error{
		&domain.OAuthError{Code: domain.CodeAccessDenied}, domain.ErrResponseMismatch, context.DeadlineExceeded,
	} {
		if show(outcome) == success {
			t.Errorf("the page of a sign-in that ended with %q is that of success", outcome)
		}
	}
}

func serversWriteText(t *testing.T, l ports.RedirectListener) {
	const markup = `"'><script>alert(1)</script><img src=x onerror=alert(2)>`
	for _, outcome := range []error{
		&domain.OAuthError{Code: markup, Description: domain.NewSecret(markup), URI: markup},
		errors.New(markup),
	} {
		s := listen(t, l, "")
		p := s.complete(s.waitFor(signInState), s.query(good("code")), good("code"), outcome)
		isText := strings.HasPrefix(p.header.Get("Content-Type"), "text/plain") && p.header.Get("X-Content-Type-Options") == "nosniff"
		if !isText && (strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, "<img src=x")) {
			t.Error("markup in an error is markup on the page")
		}
	}
}

func closeWaitsForThePage(t *testing.T, l ports.RedirectListener) {
	for range 50 { // it may come right after
		s := listen(t, l, "")
		page := s.send(s.form(good("code")))
		r := s.received(s.waitFor(signInState), page)
		r.finish(nil)
		var err error
		mustReturn(t, "Close", func() { err = s.Close() })
		if p := s.wait(page); err != nil || p.err != nil || p.body == "" {
			t.Fatalf("Close right after finish: %v; the browser gets %d bytes, error %v; want a page", err, len(p.body), p.err)
		}
	}
}
