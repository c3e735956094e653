package redirectloopback_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/ports"
)

// requestsOf makes n requests of all kinds, for a receiver.
func requestsOf(t *testing.T, r ports.RedirectReceiver, n int) [][]byte {
	t.Helper()
	u, err := url.Parse(r.RedirectURI())
	if err != nil {
		t.Fatal(err)
	}
	all := make([][]byte, n)
	for i := range all {
		all[i] = strangers[i%len(strangers)].bytes(u.Host, u.Path, answer("stolen").Encode())
	}
	return all
}

func TestStrangersAreAnsweredAndIgnored(t *testing.T) {
	if len(strangers) < 25 {
		t.Fatalf("there are %d kinds of strangers", len(strangers))
	}
	for i, s := range strangers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // net/http takes half a second to hang up on some
			r := listen(t, byDefault(), "http://localhost/callback")
			came := receiveNow(t, r)
			got := exchange(dial(t, "tcp", "127.0.0.1:"+portOf(t, r)), requestsOf(t, r, i+1)[i])
			wantRefusal(t, got, s.status)
			complete(t, came, get(t, r.RedirectURI(), answer("good")), "good", nil)
		})
	}
}

// wantRefusal checks an answer as it came over the wire.
func wantRefusal(t *testing.T, raw string, status int) {
	t.Helper()
	raw = strings.TrimPrefix(raw, "HTTP/1.1 100 Continue\r\n\r\n")
	line, _, _ := strings.Cut(raw, "\r\n")
	_, after, _ := strings.Cut(line, " ")
	number, _, _ := strings.Cut(after, " ")
	got, _ := strconv.Atoi(number)
	if got != status && status != 0 || raw != "" && (got < 400 || got > 599) {
		t.Errorf("the answer begins with %q, want status %d", line, status)
	}
	if got == http.StatusMethodNotAllowed && !strings.Contains(raw, "\r\nAllow: GET, POST\r\n") {
		t.Errorf("the answer does not say which methods are allowed:\n%s", raw)
	}
	for _, shown := range []string{state, url.QueryEscape(state), "<script>alert", "Access-Control-Allow", "Set-Cookie"} {
		if strings.Contains(raw, shown) {
			t.Errorf("the answer has %q:\n%s", shown, raw)
		}
	}
}

func portOf(t *testing.T, r ports.RedirectReceiver) string {
	t.Helper()
	u, err := url.Parse(r.RedirectURI())
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// Who guesses gets the same answer to every guess, to the byte.
func TestEveryGuessGetsTheSameAnswer(t *testing.T) {
	r := listen(t, byDefault(), "")
	came := receiveNow(t, r)
	var first shown
	for i, guess := range []string{"", "A", state[:1], state[:len(state)-1], state + "A", strings.ToLower(state), state + "\x00", state[1:], " " + state} {
		for _, req := range []*http.Request{get(t, r.RedirectURI(), url.Values{"state": {guess}}), post(t, r.RedirectURI(), url.Values{"state": {guess}})} {
			got := visit(req)
			got.header.Del("Date")
			if i == 0 && req.Method == http.MethodGet {
				first = got
			}
			if diff := cmp.Diff(first, got, cmp.AllowUnexported(shown{})); diff != "" || got.status != http.StatusBadRequest {
				t.Errorf("guess %q by %s is answered otherwise:\n%s", guess, req.Method, diff)
			}
		}
	}
	complete(t, came, get(t, r.RedirectURI(), answer("good")), "good", nil)
}

// A hundred strangers come before the browser, from another program.
func TestAHundredStrangersBeforeTheBrowser(t *testing.T) {
	for _, uri := range []string{"http://localhost/callback", "http://127.0.0.1/callback"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, when := range []string{"during Receive", "before Receive"} {
				t.Run(fmt.Sprint(uri, " ", method, " ", when), func(t *testing.T) {
					t.Parallel()
					r := listen(t, byDefault(), uri)
					var came chan reception
					if when == "during Receive" {
						came = receiveNow(t, r)
					}
					answers, _ := inAnotherProcess(t, errand{
						Network: "tcp", Address: "127.0.0.1:" + portOf(t, r), Requests: requestsOf(t, r, 100),
						Together: when == "before Receive", // those who may be right wait for it
						Hold:     when == "before Receive",
					})
					for i, got := range answers {
						if when == "during Receive" {
							wantRefusal(t, got, strangers[i%len(strangers)].status)
						}
					}
					if came == nil {
						came = receive(t.Context(), r)
					}
					req := get(t, r.RedirectURI(), answer("good"))
					if method == http.MethodPost {
						req = post(t, r.RedirectURI(), answer("good"))
					}
					complete(t, came, req, "good", nil)
				})
			}
		}
	}
}

// A thousand more leave nothing behind, so that the one who comes after them is served
// as the first one would be. No time is measured, but what time could depend on.
func TestAThousandStrangersLeaveNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	r := listen(t, byDefault(), "http://localhost/callback")
	came := receiveNow(t, r)
	done := 0
	for batch := range slices.Chunk(requestsOf(t, r, 1000), redirectloopback.MaxOpen/2) { // none is turned away
		answers, _ := inAnotherProcess(t, errand{Network: "tcp", Address: "127.0.0.1:" + portOf(t, r), Requests: batch, Together: true})
		for i, got := range answers {
			wantRefusal(t, got, strangers[(done+i)%len(strangers)].status)
		}
		done += len(batch)
	}
	if got := redirectloopback.BurdenOf(r); got != (redirectloopback.Burden{}) {
		t.Errorf("a thousand strangers have left %+v", got)
	}
	if more := runtime.NumGoroutine() - before; more > 10 { // those of the test and of the listeners
		t.Errorf("a thousand strangers have left %d goroutines", more)
	}
	complete(t, came, get(t, r.RedirectURI(), answer("good")), "good", nil)
}
