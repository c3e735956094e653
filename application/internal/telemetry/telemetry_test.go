package telemetry_test

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/domain"
)

const (
	correlation = "0354d9fb-d107-4c08-87d2-d969daea1f8b"
	another     = "5f0bb6bf-4cd4-4f3e-9ed5-3b2a1b0f9c11"
)

// last returns what the next request would report.
func last(c *telemetry.Client) string {
	return c.Headers(domain.AcquireTokenSilentID, domain.ReasonExpired, correlation).Get("x-client-last-telemetry")
}

func TestHeaders(t *testing.T) {
	want := http.Header{
		"X-Client-Sku": {"Keyport.Go"}, "X-Client-Ver": {telemetry.Version}, "X-Client-Os": {runtime.GOOS}, "X-Client-Cpu": {runtime.GOARCH},
		"X-App-Name": {"reports"}, "X-App-Ver": {"1.2"}, "X-Ms-Lib-Capability": {"retry-after, h429"},
		"Client-Request-Id": {correlation}, "Return-Client-Request-Id": {"true"},
		"X-Client-Current-Telemetry": {"4|730,2|"}, "X-Client-Last-Telemetry": {"4|0|||"},
	}
	c := telemetry.New("reports", "1.2")
	got := c.Headers(domain.AcquireTokenForClientID, domain.ReasonNoCachedToken, correlation)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	got.Set("X-Client-Sku", "changed")
	if again := c.Headers(domain.AcquireTokenForClientID, domain.ReasonNoCachedToken, correlation); again.Get("X-Client-Sku") != "Keyport.Go" {
		t.Error("a caller who changes its headers changes those of others")
	}
}

func TestHeadersWithoutANameOfTheApplication(t *testing.T) {
	got := telemetry.New("", "").Headers(domain.AcquireTokenForClientID, domain.ReasonForced, "")
	for _, name := range []string{"X-App-Name", "X-App-Ver", "Client-Request-Id"} {
		if values, there := got[name]; there {
			t.Errorf("header %s is sent with %q, want it left out", name, values)
		}
	}
}

func TestCurrentTelemetry(t *testing.T) {
	c := telemetry.New("", "")
	for _, tt := range []struct {
		id     domain.APIID
		reason domain.RefreshReason
		want   string
	}{
		{domain.AcquireTokenSilentID, domain.ReasonNoCachedToken, "4|84,2|"},
		{domain.AcquireTokenForClientID, domain.ReasonExpired, "4|730,3|"},
		{domain.AcquireTokenByRefreshTokenID, domain.ReasonForced, "4|85,1|"},
		{domain.AcquireTokenByAuthorizationCodeID, domain.ReasonNotApplicable, "4|832,0|"},
		{domain.AcquireTokenOnBehalfOfID, domain.ReasonProactiveRefresh, "4|523,4|"},
	} {
		if got := c.Headers(tt.id, tt.reason, correlation).Get("x-client-current-telemetry"); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestLastTelemetry(t *testing.T) {
	c := telemetry.New("", "")
	if got := last(c); got != "4|0|||" {
		t.Errorf("at first: %q", got)
	}
	c.Failed(domain.AcquireTokenByDeviceFlowID, "id_1", "error_1")
	if got, want := last(c), "4|0|622,id_1|error_1|"; got != want {
		t.Errorf("after one failure: %q, want %q", got, want)
	}
	c.Failed(domain.AcquireTokenForClientID, "id_2", "error_2")
	if got, want := last(c), "4|0|622,id_1,730,id_2|error_1,error_2|"; got != want {
		t.Errorf("after two failures: %q, want %q", got, want)
	}
	if got, want := last(c), "4|0|622,id_1,730,id_2|error_1,error_2|"; got != want {
		t.Errorf("asked again: %q, want %q: the server has not been told until a request succeeds", got, want)
	}
	c.Succeeded()
	if got := last(c); got != "4|0|||" {
		t.Errorf("after a success: %q", got)
	}
}

func TestTheHeaderIsBounded(t *testing.T) {
	c := telemetry.New("", "")
	for range 10 {
		c.Failed(domain.AcquireTokenByDeviceFlowID, correlation, "invalid_grant")
	}
	got := last(c)
	if n := strings.Count(got, "invalid_grant"); n != 6 || len(got) != 334 {
		t.Errorf("%d failures in %d characters, want 6 in 334", n, len(got))
	}
	c.Failed(domain.AcquireTokenSilentID, "a", "b") // there is room for a small one
	if got := last(c); !strings.HasSuffix(got, ",b|") {
		t.Errorf("a failure that fits is left out: %s", got)
	}
	c.Succeeded() // makes room
	for range 10 {
		c.Failed(domain.AcquireTokenByDeviceFlowID, another, "invalid_grant")
	}
	if n := strings.Count(last(c), another); n != 6 {
		t.Errorf("%d failures after a success, want 6 as before", n)
	}
}

func TestTheBoundToTheLetter(t *testing.T) {
	for size, kept := range map[int]bool{349: true, 350: false, 1 << 20: false} {
		c := telemetry.New("", "")
		c.Failed(domain.AcquireTokenSilentID, "", strings.Repeat("e", size-len(",84,,")))
		if got := last(c) != "4|0|||"; got != kept {
			t.Errorf("a failure of %d characters is kept: %t, want %t", size, got, kept)
		}
	}
}

func TestAServersTextCannotBreakTheHeader(t *testing.T) {
	c := telemetry.New("", "")
	c.Failed(domain.AcquireTokenSilentID, "a,b|c", "x\r\nEvil: 1|y,z\x00\x7fé \"")
	if got, want := last(c), `4|0|84,a_b_c|x__Evil:_1_y_z____"|`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCorrelationID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`) // RFC 9562 §5.4
	seen := map[string]bool{}
	everything := make(map[string]bool)
	for range 2000 {
		id := telemetry.NewCorrelationID()
		if !form.MatchString(id) {
			t.Fatalf("%q is no UUID of version 4", id)
		}
		if seen[id] {
			t.Fatalf("%q comes twice", id)
		}
		seen[id] = true
		for i, r := range id {
			everything[fmt.Sprint(i, string(r))] = true
		}
	}
	// 31 digits may be any of 16, but one is 4 and one is one of four; four are hyphens.
	if want := 30*16 + 1 + 4 + 4; len(everything) != want {
		t.Errorf("%d digits in their places occur, want all %d", len(everything), want)
	}
}

func TestManyAtATime(t *testing.T) {
	c := telemetry.New("a", "1")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for range 20 {
				c.Failed(domain.AcquireTokenSilentID, correlation, "invalid_grant")
				if got := last(c); len(got) > 350+len("4|0|||") || strings.Count(got, "|") != 4 {
					t.Errorf("got %q", got)
				}
				if i%5 == 0 {
					c.Succeeded()
				}
			}
		})
	}
	all.Wait()
	c.Succeeded()
	if got := last(c); got != "4|0|||" {
		t.Errorf("afterwards: %q", got)
	}
}
