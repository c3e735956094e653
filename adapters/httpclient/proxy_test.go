package httpclient_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/domain"
)

// newProxy is a proxy that wants a password and connects to target, whatever host is
// asked for. Its answer to everything else is refusal.
func newProxy(t *testing.T, target string, refusal int) (proxyURL string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch {
		case r.Header.Get("Proxy-Authorization") != want:
			http.Error(w, "<html>no "+secret, refusal)
		case r.Method == http.MethodConnect:
			tunnel(t, w, target)
		default:
			_, _ = io.WriteString(w, "proxied to "+r.URL.Host)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

func tunnel(t *testing.T, w http.ResponseWriter, target string) {
	t.Helper()
	upstream, err := new(net.Dialer).DialContext(t.Context(), "tcp", target)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = upstream.Close() }()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = client.Close() }()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	var upload sync.WaitGroup
	upload.Go(func() { _, _ = io.Copy(upstream, buffered); _ = upstream.Close() })
	_, _ = io.Copy(client, upstream)
	_ = client.Close()
	upload.Wait()
}

func mustProxy(t *testing.T, text string) httpclient.Proxy {
	t.Helper()
	p, err := httpclient.ProxyURL(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRequestsGoThroughAProxyWithCredentials(t *testing.T) {
	server, roots := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.Host+r.Header.Get("Proxy-Authorization"))
	})
	proxy, _ := newProxy(t, server.Listener.Addr().String(), http.StatusProxyAuthRequired)
	c := newClient(t, httpclient.Options{RootCAs: roots, Proxy: mustProxy(t, "http://user:"+secret+"@"+proxy)})
	for target, want := range map[string]string{
		"https://example.com/": "HTTP/2.0 example.com", // the name in httptest's certificate
		"http://idp.example/":  "proxied to idp.example",
	} {
		if got := mustDo(t, c, newRequest(t, http.MethodPost, target, "x")); got.Body != want {
			t.Errorf("got %q, want %q", got.Body, want)
		}
	}
}

func TestRefusalOfTheProxyNamesTheProxy(t *testing.T) {
	for _, tt := range []struct {
		refusal  int
		target   string
		requests int32
	}{
		{http.StatusProxyAuthRequired, "https://example.com/?code=" + secret, 1},
		{http.StatusProxyAuthRequired, "http://idp.example/?code=" + secret, 1},
		{http.StatusForbidden, "https://example.com/", 1},
		{http.StatusBadGateway, "https://example.com/", 2},
		{http.StatusServiceUnavailable, "https://example.com/", 2},
	} {
		proxy, asked := newProxy(t, "", tt.refusal)
		c := newClient(t, httpclient.Options{Proxy: mustProxy(t, "http://wrong:"+secret+"@"+proxy)})
		err := mustFail(t, c, newRequest(t, http.MethodPost, tt.target, "x"))
		var pe *httpclient.ProxyError
		if !errors.As(err, &pe) {
			t.Errorf("%d: got %v, want a ProxyError", tt.refusal, err)
			continue
		}
		want := httpclient.ProxyError{Proxy: proxy, Status: tt.refusal}
		if diff := cmp.Diff(want, *pe); diff != "" || asked.Load() != tt.requests {
			t.Errorf("got %d requests, want %d (-want +got):\n%s", asked.Load(), tt.requests, diff)
		}
	}
}

func TestProxyThatCannotBeUsedIsNamed(t *testing.T) {
	hangsUp, connections := rawServer(t, func(_ int32, conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
	hangsUp = strings.TrimPrefix(hangsUp, "http://")
	for _, address := range []string{hangsUp, deadProxy} {
		c := newClient(t, httpclient.Options{Proxy: mustProxy(t, "http://user:"+secret+"@"+address)})
		err := mustFail(t, c, newRequest(t, http.MethodPost, "https://example.com/", "x"))
		var pe *httpclient.ProxyError
		if !errors.As(err, &pe) || pe.Proxy != address || pe.Status != 0 || !strings.Contains(err.Error(), "through proxy "+address) {
			t.Errorf("got %v, want a ProxyError for %s", err, address)
		}
	}
	if got := connections.Load(); got != 2 {
		t.Errorf("got %d connections to the proxy that hangs up, want 2", got)
	}
}

func TestLocalAddressesAreNeverProxied(t *testing.T) {
	always := func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example:3128") }
	for _, tt := range []struct {
		host string
		want bool
	}{
		{"169.254.169.254", false},
		{"169.254.169.254:80", false},
		{"[::ffff:169.254.169.254]", false},
		{"169.254.170.2", false},
		{"[fd00:ec2::254]", false},
		{"[fe80::1%25eth0]", false},
		{"127.0.0.1:8080", false},
		{"127.9.9.9", false},
		{"[::1]", false},
		{"localhost", false},
		{"LOCALHOST.", false},
		{"app.localhost", false},
		{"0.0.0.0", false},
		{"idp.example", true},
		{"localhost.example", true},
		{"10.0.0.1", true},
		{"[fd00:ec2::255]", true},
		{"169.253.169.254", true},
	} {
		req := newRequest(t, http.MethodGet, "http://"+tt.host+"/", "")
		got, err := httpclient.ProxyPolicy(always)(req)
		if err != nil || (got != nil) != tt.want {
			t.Errorf("%s: got proxy %v, error %v, want proxied %v", tt.host, got, err, tt.want)
		}
	}
	server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {})
	c := newClient(t, httpclient.Options{RootCAs: roots, Proxy: mustProxy(t, "http://"+deadProxy)})
	mustDo(t, c, newRequest(t, http.MethodGet, server.URL, ""))
}

func TestEnvironmentChoosesTheProxyByDefault(t *testing.T) {
	for target, want := range map[string]string{
		"http://idp.example/":     deadProxy,
		"https://idp.example/":    deadProxy,
		"https://direct.example/": "",
	} {
		got, err := httpclient.EnvironmentProxy(newRequest(t, http.MethodGet, target, ""))
		if err != nil {
			t.Fatal(err)
		}
		if got == nil {
			got = &url.URL{}
		}
		if got.Host != want {
			t.Errorf("%s: got %q, want %q", target, got.Host, want)
		}
	}
	var pe *httpclient.ProxyError
	err := mustFail(t, newClient(t, httpclient.Options{}), newRequest(t, http.MethodGet, "https://idp.example/", ""))
	if !errors.As(err, &pe) || pe.Proxy != deadProxy {
		t.Errorf("got %v, want the proxy of the environment", err)
	}
}

// The standard library reads the environment once, so each value needs a process.
func TestBadProxyInTheEnvironmentIsNamedButNotShown(t *testing.T) {
	const marker = "KEYPORT_TEST_KEEP_ENVIRONMENT"
	if os.Getenv(marker) != "" {
		err := mustFail(t, newClient(t, httpclient.Options{}), newRequest(t, http.MethodGet, "https://idp.example/", ""))
		var config *domain.ConfigError
		if !errors.As(err, &config) || config.Field != "environment variable HTTPS_PROXY" {
			t.Errorf("got %v, want a ConfigError for HTTPS_PROXY", err)
		}
		return
	}
	for _, value := range []string{"http://user:" + secret + " x@proxy.example", "ftp://user:" + secret + "@proxy.example", "http://user:pa/" + secret + "@proxy.example:%zz"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), marker+"=1", "HTTPS_PROXY="+value, "GORACE=atexit_sleep_ms=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func TestProxyFunctionsThatFailAreConfigErrors(t *testing.T) {
	own := errors.New("http://user:" + secret + "@proxy.example is down")
	for _, proxy := range []httpclient.Proxy{
		func(*http.Request) (*url.URL, error) { return nil, own },
		func(*http.Request) (*url.URL, error) {
			return &url.URL{Scheme: "gopher", User: url.UserPassword("u", secret), Host: "x"}, nil
		},
	} {
		err := mustFail(t, newClient(t, httpclient.Options{Proxy: proxy}), newRequest(t, http.MethodGet, "https://idp.example/", ""))
		var config *domain.ConfigError
		if !errors.As(err, &config) || config.Field != "Options.Proxy" {
			t.Errorf("got %v, want a ConfigError for Options.Proxy", err)
		}
	}
}

func TestProxyURLRefusesWhatIsNoProxy(t *testing.T) {
	for _, text := range []string{"", "proxy.example:3128", "proxy.example", "ftp://u:" + secret + "@x", "http://", "http://u:" + secret + "@", "http://u:" + secret + " @x", "http://u:p@x:" + secret} {
		_, err := httpclient.ProxyURL(text)
		var config *domain.ConfigError
		if !errors.As(err, &config) || config.Remedy == "" {
			t.Errorf("%q: got %v, want a ConfigError", text, err)
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q: the error shows it: %v", text, err)
		}
	}
}

func TestNoProxyConnectsDirectly(t *testing.T) {
	got, err := httpclient.NoProxy()(newRequest(t, http.MethodGet, "https://idp.example/", ""))
	if got != nil || err != nil {
		t.Errorf("got %v and %v, want neither", got, err)
	}
}
