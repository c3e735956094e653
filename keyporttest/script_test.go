package keyporttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

// try sends a token request and returns what a client gets.
func try(ctx context.Context, a *keyporttest.Authority) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, tokenURL, strings.NewReader(formOf(nil).Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", formType)
	resp, err := a.Client().Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func TestARuleAnswersInPlaceOfTheServer(t *testing.T) {
	trouble := errors.New("connection reset")
	for _, row := range []struct {
		name   string
		rule   keyporttest.Rule
		status int
		body   string
		err    error
	}{
		{"a status", keyporttest.Rule{Status: 503}, 503, "", nil},
		{"a body", keyporttest.Rule{Body: "<html>"}, 200, "<html>", nil},
		{"both", keyporttest.Rule{Status: 502, Body: "bad gateway"}, 502, "bad gateway", nil},
		{"a reader", keyporttest.Rule{Reader: func() io.Reader { return strings.NewReader("long") }}, 200, "long", nil},
		{"a broken connection", keyporttest.Rule{Err: trouble, Body: "never"}, 0, "", trouble},
		{"a body that is torn", keyporttest.Rule{Body: "half", Length: 8}, 200, "half", io.ErrUnexpectedEOF},
		{"a length that is too short", keyporttest.Rule{Body: "whole", Length: 3}, 200, "who", nil},
		{"no length", keyporttest.Rule{Body: "whole", Length: -1}, 200, "whole", nil},
		{"no length of nothing", keyporttest.Rule{Status: 204, Length: -1}, 204, "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, _ := newAuthority(t, nil)
			a.Script(row.rule)
			status, body, err := try(t.Context(), a)
			if status != row.status || body != row.body || !errors.Is(err, row.err) || (err == nil) != (row.err == nil) {
				t.Errorf("got %d %q %v, want %d %q %v", status, body, err, row.status, row.body, row.err)
			}
		})
	}
}

func TestTheLengthOfAnAnswer(t *testing.T) {
	for length, rule := range map[int64]keyporttest.Rule{
		5:  {Body: "12345"},
		7:  {Body: "12345", Length: 7},
		-1: {Reader: func() io.Reader { return strings.NewReader("12345") }},
	} {
		a, _ := newAuthority(t, nil)
		a.Script(rule)
		resp, err := a.Client().PostForm(tokenURL, formOf(nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.ContentLength != length {
			t.Errorf("ContentLength is %d, want %d", resp.ContentLength, length)
		}
	}
}

// TestALargeReaderIsReadAsItIsNeeded: nobody holds a gigabyte in memory.
func TestALargeReaderIsReadAsItIsNeeded(t *testing.T) {
	a, _ := newAuthority(t, nil)
	var read atomic.Int64
	a.Script(keyporttest.Rule{Reader: func() io.Reader {
		return readerFunc(func(p []byte) (int, error) { read.Add(int64(len(p))); return len(p), nil })
	}})
	for range 2 { // each request gets a reader of its own
		resp, err := a.Client().PostForm(tokenURL, formOf(nil))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.CopyN(io.Discard, resp.Body, 1<<20); n != 1<<20 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		_ = resp.Body.Close()
	}
	if n := read.Load(); n < 2<<20 || n > 3<<20 {
		t.Errorf("%d bytes were made for two clients that took a MiB each", n)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestHeadersAreLaidOverAnyAnswer(t *testing.T) {
	a, secret := newAuthority(t, nil)
	header := http.Header{"retry-after": {"7"}, "Content-Type": {"text/html"}}
	a.Script(keyporttest.Rule{Header: header, Times: 1}, keyporttest.Rule{Status: 429, Header: header, Times: 1})
	for _, status := range []int{200, 429, 200} {
		got := post(t, a, tokenURL, map[string]string{"client_secret": secret})
		isScripted := got.header.Get("Retry-After") == "7" && got.header.Get("Content-Type") == "text/html"
		if got.status != status || isScripted != (len(a.Requests()) < 3) {
			t.Errorf("got %d %v, want %d", got.status, got.header, status)
		}
		if status == http.StatusOK && got.text("access_token") == "" {
			t.Error("a rule that only has a header took the token away")
		}
	}
}

func TestRulesMatch(t *testing.T) {
	const other = "99999999-2222-3333-4444-555555555555"
	key := []byte("0123456789012345678901234567890123456789")
	send := func(a *keyporttest.Authority, change func(*http.Request), form map[string]string) int {
		return sendBy(t, a.Client(), http.MethodPost, tokenURL, formOf(form).Encode(), change).status
	}
	for _, row := range []struct {
		name   string
		rule   keyporttest.Rule
		form   map[string]string
		change func(*http.Request)
		want   bool
	}{
		{"everything", keyporttest.Rule{}, nil, nil, true},
		{"the endpoint", keyporttest.Rule{Endpoint: keyporttest.EndpointToken}, nil, nil, true},
		{"another endpoint", keyporttest.Rule{Endpoint: keyporttest.EndpointKeys}, nil, nil, false},
		{"the host", keyporttest.Rule{Host: "login.microsoftonline.com"}, nil, nil, true},
		{"another host", keyporttest.Rule{Host: "login.windows.net"}, nil, nil, false},
		{"the client", keyporttest.Rule{ClientID: other}, map[string]string{"client_id": other}, nil, true},
		{"another client", keyporttest.Rule{ClientID: other}, nil, nil, false},
		{"the client in the header", keyporttest.Rule{ClientID: other}, map[string]string{"client_id": ""}, func(r *http.Request) { r.SetBasicAuth(other, "x") }, true},
		{"the client in the assertion", keyporttest.Rule{ClientID: other}, map[string]string{"client_id": "", "client_assertion": hs256(t, map[string]any{"sub": other}, string(key))}, nil, true},
		{"no client", keyporttest.Rule{ClientID: other}, map[string]string{"client_id": ""}, nil, false},
		{"a function", keyporttest.Rule{Match: func(r *http.Request, form url.Values) bool {
			return r.Method == http.MethodPost && form.Get("scope") == graph
		}}, nil, nil, true},
		{"a function that says no", keyporttest.Rule{Match: func(*http.Request, url.Values) bool { return false }}, nil, nil, false},
	} {
		a, _ := newAuthority(t, nil)
		row.rule.Status = http.StatusTeapot
		a.Script(row.rule)
		if got := send(a, row.change, row.form) == http.StatusTeapot; got != row.want {
			t.Errorf("%s: matches is %v, want %v", row.name, got, row.want)
		}
	}
}

func TestRulesAreUsedInOrderAndUp(t *testing.T) {
	a, _ := newAuthority(t, nil)
	a.Script(keyporttest.Rule{Status: 501, Times: 1}, keyporttest.Rule{Status: 502, Times: 2})
	a.Script(keyporttest.Rule{Status: 503})
	for _, want := range []int{501, 502, 502, 503, 503, 503} {
		if got, _, _ := try(t.Context(), a); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	a.Reset()
	if got, _, _ := try(t.Context(), a); got != http.StatusUnauthorized {
		t.Errorf("after Reset: %d, want the server's own refusal", got)
	}
}

// TestARuleIsUsedAsOftenAsItSays: by many at once too, and its Match may ask the
// authority.
func TestARuleIsUsedAsOftenAsItSays(t *testing.T) {
	a, _ := newAuthority(t, nil)
	a.Script(keyporttest.Rule{Status: 503, Times: 7, Match: func(*http.Request, url.Values) bool { return len(a.Requests()) > 0 }})
	var scripted atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if status, _, err := try(t.Context(), a); err == nil && status == http.StatusServiceUnavailable {
				scripted.Add(1)
			}
		})
	}
	all.Wait()
	if scripted.Load() != 7 {
		t.Errorf("used %d times, want 7", scripted.Load())
	}
}

// TestARuleIsNotUsedTwiceByTwoThatMatchAtOnce: both have been found to match before
// either has used it up.
func TestARuleIsNotUsedTwiceByTwoThatMatchAtOnce(t *testing.T) {
	a, _ := newAuthority(t, nil)
	var both sync.WaitGroup
	both.Add(2)
	a.Script(keyporttest.Rule{Status: 503, Times: 1, Match: func(*http.Request, url.Values) bool {
		both.Done()
		both.Wait()
		return true
	}})
	statuses := make(chan int, 2)
	for range 2 {
		go func() { status, _, _ := try(t.Context(), a); statuses <- status }()
	}
	if one, two := <-statuses, <-statuses; one+two != http.StatusServiceUnavailable+http.StatusUnauthorized {
		t.Errorf("got %d and %d, want the rule's answer once", one, two)
	}
	if status, _, _ := try(t.Context(), a); status != http.StatusUnauthorized { // a third Done would panic
		t.Errorf("got %d from a rule that was used up", status)
	}
}

func TestADelayIsOnTheServersClock(t *testing.T) {
	a, secret := newAuthority(t, nil)
	a.Script(keyporttest.Rule{Delay: time.Minute})
	done := make(chan reply, 1)
	go func() { done <- post(t, a, tokenURL, map[string]string{"client_secret": secret}) }()
	if err := a.Clock().WaitForSleepers(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	a.Clock().Advance(59 * time.Second)
	select {
	case <-done:
		t.Fatal("answered before its time")
	default:
	}
	a.Clock().Advance(time.Second)
	got := <-done
	if iat := got.claims(t)["iat"]; iat != float64(noon.Add(time.Minute).Unix()) {
		t.Errorf("the token is of %v, want the time after the delay", iat)
	}
}

func TestADelayEndsWithItsRequest(t *testing.T) {
	a, _ := newAuthority(t, nil)
	a.Script(keyporttest.Rule{Delay: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, _, err := try(ctx, a); done <- err }()
	if err := a.Clock().WaitForSleepers(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestARedirectIsAnAnswerLikeAnyOther(t *testing.T) {
	a, secret := newAuthority(t, nil)
	a.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: 307, Header: http.Header{"Location": {"https://evil.example/collect"}}})
	got := post(t, a, tokenURL, map[string]string{"client_secret": secret})
	if got.status != http.StatusNotFound { // net/http has followed it
		t.Fatalf("got %d", got.status)
	}
	last := a.Requests()[1]
	if last.URL.Host != "evil.example" || last.Endpoint != keyporttest.EndpointUnknown || last.Form.Get("client_secret") != secret {
		t.Errorf("the request to the place it leads to is not recorded: %v", last)
	}
}
