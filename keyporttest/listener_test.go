package keyporttest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

func listen(t *testing.T, a *keyporttest.Authority) *keyporttest.Listener {
	t.Helper()
	l, err := a.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// clientOf speaks one version of HTTP.
func clientOf(t *testing.T, l *keyporttest.Listener, http2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: l.CertPool(), MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: http2, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	if http2 {
		transport.TLSNextProto = nil
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestAListenerServesTheSameOverTLS(t *testing.T) {
	a, secret := newAuthority(t, nil)
	l := listen(t, a)
	form := formOf(map[string]string{"client_secret": secret})
	for version, client := range map[string]*http.Client{"HTTP/1.1": clientOf(t, l, false), "HTTP/2.0": clientOf(t, l, true)} {
		for name, address := range map[string]string{
			"Entra ID": l.URL + "/" + keyporttest.TenantDomain + "/oauth2/v2.0/token",
			"AD FS":    l.URL + "/adfs/oauth2/token",
			"OIDC":     l.URL + "/token",
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", formType)
			resp, err := client.Do(r)
			if err != nil {
				t.Fatalf("%s, %s: %v", version, name, err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK || resp.Proto != version || err != nil || resp.ContentLength != int64(len(body)) {
				t.Errorf("%s, %s: %s %d, %v, length %d of %d", version, name, resp.Proto, resp.StatusCode, err, resp.ContentLength, len(body))
			}
			if want := "Tue, 24 Nov 2026 12:00:00 GMT"; resp.Header.Get("Date") != want {
				t.Errorf("%s, %s: Date is %q, want the server's clock's", version, name, resp.Header.Get("Date"))
			}
		}
	}
	last := a.Requests()[5]
	if last.URL.Scheme != "https" || "https://"+last.URL.Host != l.URL {
		t.Errorf("recorded %v", last.URL)
	}
	// Instance discovery vouches for the address, and its metadata leads back to it.
	host := strings.TrimPrefix(l.URL, "https://")
	if got := get(t, a, instanceURL("1.1", l.URL+"/"+keyporttest.TenantDomain)); got.status != http.StatusOK {
		t.Errorf("instance discovery: %d", got.status)
	}
	got := sendBy(t, clientOf(t, l, true), http.MethodGet, l.URL+"/"+keyporttest.TenantDomain+"/v2.0"+document, "", nil)
	if want := "https://" + host + "/" + keyporttest.TenantID + "/oauth2/v2.0/token"; got.text("token_endpoint") != want {
		t.Errorf("token_endpoint %q, want %q", got.text("token_endpoint"), want)
	}
}

func TestAListenerIsTrustedByItsOwnPoolOnly(t *testing.T) {
	a, _ := newAuthority(t, nil)
	l := listen(t, a)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	resp, err := client.Get(l.URL + document)
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("a client without the pool trusts it")
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.CertPool(), MaxVersion: tls.VersionTLS11}}}
	if resp, err = old.Get(l.URL + document); err == nil {
		_ = resp.Body.Close()
		t.Fatal("it speaks TLS 1.1")
	}
}

// TestFaultsOverTheWire: what a script breaks is broken for a real transport too.
func TestFaultsOverTheWire(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		a, _ := newAuthority(t, nil)
		l := listen(t, a)
		client := clientOf(t, l, http2)
		fetch := func(rule keyporttest.Rule) (string, error) {
			a.Reset()
			a.Script(rule)
			resp, err := client.Get(l.URL + document)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			return string(body), err
		}
		if body, err := fetch(keyporttest.Rule{Body: "half", Length: 8}); body != "half" || err == nil {
			t.Errorf("HTTP/2 is %v: a torn body: %q, %v", http2, body, err)
		}
		if body, err := fetch(keyporttest.Rule{Body: "whole", Length: 3}); body != "who" || err != nil {
			t.Errorf("HTTP/2 is %v: a length that is too short: %q, %v", http2, body, err)
		}
		if body, err := fetch(keyporttest.Rule{Reader: func() io.Reader { return strings.NewReader(strings.Repeat("x", 1<<20)) }}); len(body) != 1<<20 || err != nil {
			t.Errorf("HTTP/2 is %v: a large body without a length: %d, %v", http2, len(body), err)
		}
		if body, err := fetch(keyporttest.Rule{Err: errors.New("reset")}); err == nil {
			t.Errorf("HTTP/2 is %v: a broken connection: %q", http2, body)
		}
		if body, err := fetch(keyporttest.Rule{Status: 200}); body != "" || err != nil {
			t.Errorf("HTTP/2 is %v: after all that: %q, %v", http2, body, err)
		}
	}
}

// TestCloseEndsWhoWaits: requests at a hold and on the clock end with the listener.
func TestCloseEndsWhoWaits(t *testing.T) {
	a, _ := newAuthority(t, nil)
	l, err := a.Listen()
	if err != nil {
		t.Fatal(err)
	}
	hold := a.Hold(keyporttest.EndpointKeys)
	a.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointMetadata, Delay: time.Hour})
	client := l.Client()
	done := make(chan error, 2)
	for _, path := range []string{"/keys", document} {
		go func() {
			resp, err := client.Get(l.URL + path)
			if err == nil {
				_ = resp.Body.Close()
			}
			done <- err
		}()
	}
	if err := errors.Join(hold.WaitFor(soon(t), 1), a.Clock().WaitForSleepers(soon(t), 1)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := hold.Waiting(); n != 0 {
		t.Errorf("%d requests still wait after Close", n)
	}
	for range 2 {
		if err := <-done; err == nil {
			t.Error("a request was answered by a listener that is closed")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Clock().WaitForSleepers(ctx, 1); err == nil {
		t.Error("somebody still sleeps after Close")
	}
}
