package redirectloopback_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
)

// A thousand connections that never end their request neither keep the browser out nor
// cost more than the bounds.
func TestAThousandConnectionsOfAnotherProcess(t *testing.T) {
	for _, row := range []struct{ name, raw string }{
		{"that say nothing", ""},
		{"that stop in the first line", "GET /call"},
		{"that stop in the header", "GET /callback?state=foreign HTTP/1.1\r\nHost: localhost\r\nX-Slow: 1"},
		{"that stop in the form", "POST /callback HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Content-Length: 1000\r\n\r\nstate=foreign"},
		{"that do not read the answer", plain("/callback?" + foreign)},
		{"that send too much", "POST /callback HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Content-Length: 100000\r\n\r\nstate=foreign"},
	} {
		for _, when := range []string{"during Receive", "before Receive"} {
			t.Run(row.name+" "+when, func(t *testing.T) {
				before := runtime.NumGoroutine()
				r := listen(t, byDefault(), "http://localhost/callback")
				var came chan reception
				if when == "during Receive" {
					came = receive(t.Context(), r)
				}
				raw := stranger{raw: row.raw}.bytes(hostOf(r), "/callback", "")
				requests := make([][]byte, 1000)
				for i := range requests {
					requests[i] = raw
				}
				inAnotherProcess(t, errand{Network: "tcp", Address: "127.0.0.1:" + portOf(t, r), Requests: requests, Together: true, Hold: true})
				// net/http has two goroutines for a connection; some are of the test.
				if got, most := runtime.NumGoroutine()-before, 2*redirectloopback.MaxLive+50; got > most {
					t.Errorf("there are %d more goroutines, want at most %d", got, most)
				}
				if came == nil {
					came = receive(t.Context(), r)
				}
				complete(t, came, post(t, r.RedirectURI(), answer("good")), "good", nil)
			})
		}
	}
}

func TestLargeAnswersArriveWhole(t *testing.T) {
	r := listen(t, byDefault(), "http://127.0.0.1/callback")
	long := strings.Repeat("x", 60<<10)
	complete(t, receive(t.Context(), r), post(t, r.RedirectURI(), answer(long)), long, nil)

	// Cookies of all programs on localhost come along.
	r = listen(t, byDefault(), "http://localhost/callback")
	req := get(t, r.RedirectURI(), answer(strings.Repeat("x", 8<<10)))
	req.Header.Set("Cookie", strings.Repeat("name=value; ", 4000))
	complete(t, receive(t.Context(), r), req, strings.Repeat("x", 8<<10), nil)

	// A form may come in pieces.
	r = listen(t, byDefault(), "")
	req = post(t, r.RedirectURI(), answer("in pieces"))
	req.ContentLength = -1
	req.Body = io.NopCloser(&slowly{strings.NewReader(answer("in pieces").Encode())})
	complete(t, receive(t.Context(), r), req, "in pieces", nil)
}

// slowly reads a byte at a time.
type slowly struct{ io.Reader }

func (s *slowly) Read(p []byte) (int, error) { return s.Reader.Read(p[:1]) }
