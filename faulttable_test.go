package keyport_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// fault is a row of the table: something that goes wrong on the way to a token, and
// what comes of it.
type fault struct {
	what string
	set  func(*wire)
	get  error // one of the kinds below
	is   error // a sentinel, or nil for none

	connections int32         // that were begun
	sent        int32         // requests that arrived at the server
	took        time.Duration // of fake time, without the half second by which retries are spread
	pause       time.Duration // for which the next call is kept back
	cuts        int           // how often the fault is tried, each time a byte further
}

// protocols are those over which a fault is tried, unless it is one of a protocol.
func (f fault) protocols() []string {
	if f.cuts > 0 {
		return []string{"http/1.1"}
	}
	return []string{"http/1.1", "h2"}
}

// The kinds of what a caller gets.
var (
	aToken    error
	noAnswer  error = &keyport.TransportError{}
	badAnswer error = &keyport.ResponseError{}
	refusal   error = &keyport.OAuthError{}
)

// kindOf names what err is, by its type.
func kindOf(err error) string {
	var transport *keyport.TransportError
	var response *keyport.ResponseError
	var oauth *keyport.OAuthError
	switch {
	case err == nil:
		return "a token"
	case errors.As(err, &transport):
		return "`*TransportError`"
	case errors.As(err, &response):
		return "`*ResponseError`"
	case errors.As(err, &oauth):
		return "`*OAuthError`"
	}
	return fmt.Sprintf("`%T`", err)
}

var faultSentinels = []struct {
	name string
	err  error
}{
	{"ErrUnavailable", keyport.ErrUnavailable}, {"ErrThrottled", keyport.ErrThrottled}, {"ErrRedirectRefused", keyport.ErrRedirectRefused},
	{"ErrInvalidClient", keyport.ErrInvalidClient}, {"ErrInteractionRequired", keyport.ErrInteractionRequired},
	{"ErrAccessDenied", keyport.ErrAccessDenied},
}

// sentinelsOf names the sentinels that err is.
func sentinelsOf(err error) string {
	var names []string
	for _, s := range faultSentinels {
		if errors.Is(err, s.err) {
			names = append(names, "`"+s.name+"`")
		}
	}
	return strings.Join(names, ", ")
}

// observed is what came of a fault.
type observed struct {
	Get, Is, Text     string
	Connections, Sent int32
	Took, Pause       time.Duration
}

// and is what came of the same fault a byte further: another text perhaps, but the same
// in all else, or the difference shows.
func (o observed) and(further observed) observed {
	text := o.Text
	if !slices.Contains(strings.Split(text, textOr), further.Text) {
		text += textOr + further.Text
	}
	if o.Text, further.Text = text, text; o != further {
		return further
	}
	return o
}

// textOr is between two texts on the page.
const textOr = "` or `"

// TestFaults brings about each fault and holds the page for operators to what callers
// then get: the error with its text, what was sent, how long it took, and how long the
// next request is kept back. A failure leaves nothing in the cache and shows no secret,
// and an hour after its end all is well.
func TestFaults(t *testing.T) {
	page := readFaultPage(t)
	for _, group := range faultGroups {
		for _, f := range group.faults {
			t.Run(group.heading+"/"+f.what, func(t *testing.T) {
				var line string
				for _, protocol := range f.protocols() {
					got := meetFault(t, f, protocol, 0)
					for cut := 1; cut < f.cuts; cut++ {
						got = got.and(meetFault(t, f, protocol, cut))
					}
					want := observed{kindOf(f.get), sentinelsOf(f.is), got.Text, f.connections, f.sent, f.took, f.pause}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("over %s (-want +got):\n%s", protocol, diff)
					}
					if line != "" && line != got.line(f.what) {
						t.Errorf("over %s it is\n%s\nand before it was\n%s", protocol, got.line(f.what), line)
					}
					line = got.line(f.what)
				}
				if documented := page.line(group.heading, f.what); line != documented {
					t.Errorf("%s has\n%s\nand it is\n%s", faultPage, documented, line)
				}
			})
		}
	}
}

// meetFault acquires a token while the fault lasts, then again at once, and an hour
// after its end.
func meetFault(t *testing.T, f fault, protocol string, cut int) (got observed) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		w := &wire{protocol: protocol, cut: cut, answer: well, end: ctx}
		f.set(w)
		client := w.client(t)
		defer func() {
			client.CloseIdleConnections()
			synctest.Wait() // a spare connection may be on its way
			stop()
			w.running.Wait()
		}()
		cache, log := cachememory.NewTokenCache(cachememory.TokenCacheOptions{}), keyporttest.NewLogRecorder()
		app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
			ClientID: "my-app", Authority: "https://" + faultyHost + "/contoso.onmicrosoft.com", Credential: keyport.ClientSecret(faultSecret),
			Metadata: &keyport.ServerMetadata{Issuer: "https://" + faultyHost + "/t", TokenEndpoint: "https://" + faultyHost + "/t/oauth2/v2.0/token"},
			Ports:    keyport.Ports{HTTPClient: client, TokenCache: cache}, Logger: slog.New(log),
		})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		result, err := app.AcquireTokenForClient(ctx, faultRequest)
		got = observed{
			Get: kindOf(err), Is: sentinelsOf(err), Connections: w.connections.Load(), Sent: w.sent.Load(), Took: time.Since(begin).Truncate(time.Second),
		}
		if err == nil {
			got.Text = lifeOf(ctx, app, result)
			return
		}
		got.Text = steadyFault(err)
		keyporttest.AssertClean(t, nil, "the error", err)
		keyporttest.AssertClean(t, nil, "the log", log.Text())
		wantNothingCached(t, cache)
		got.Pause = pauseAfter(ctx, app)
		w.heal()
		time.Sleep(time.Hour + time.Second)
		if _, err := app.AcquireTokenForClient(ctx, faultRequest); err != nil {
			t.Errorf("an hour after the fault: %v", err)
		}
	})
	return got
}

// lifeOf says how long a token serves.
func lifeOf(ctx context.Context, app *keyport.ConfidentialClient, got keyport.Result) string {
	life := "which does not say for how long"
	if !got.ExpiresOn.IsZero() {
		life = fmt.Sprintf("valid for %v", time.Until(got.ExpiresOn).Round(time.Second))
	}
	if next, err := app.AcquireTokenForClient(ctx, faultRequest); err != nil || next.Metadata.Source != keyport.SourceCache {
		life += ", not kept"
	}
	return life
}

var faultRequest = keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}}

// pauseAfter asks again and returns how long requests are kept back; zero when it was sent.
func pauseAfter(ctx context.Context, app *keyport.ConfidentialClient) time.Duration {
	now := time.Now()
	_, err := app.AcquireTokenForClient(ctx, faultRequest)
	var kept *keyport.ThrottledError
	if errors.As(err, &kept) {
		return kept.Until.Sub(now).Round(time.Second)
	}
	return 0
}

func wantNothingCached(t *testing.T, cache *cachememory.TokenCache) {
	t.Helper()
	for key, err := range cache.Keys(t.Context(), domain.PartitionFilter{}) {
		t.Errorf("a failure leaves %v in the cache, %v", key, err)
	}
}

// heal lets the server be well from the next connection on.
func (w *wire) heal() {
	synctest.Wait() // until nobody looks at what changes
	w.dial, w.tls, w.plain, w.raw, w.frames, w.answer, w.reset = nil, nil, nil, nil, nil, well, false
	if w.proxy != nil {
		w.proxy = tunnel
	}
}
