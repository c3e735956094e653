package httpclient_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/domain"
)

// TestDialContextOpensEveryConnection, those of a client with a TLS binding too.
func TestDialContextOpensEveryConnection(t *testing.T) {
	server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {}, func(s *httptest.Server) { s.EnableHTTP2 = false })
	var dialed []string
	c := newClient(t, httpclient.Options{
		RootCAs: roots, MaxRetries: -1, Proxy: httpclient.NoProxy(),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialed = append(dialed, address)
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
	})
	mustDo(t, c, newRequest(t, http.MethodPost, "https://example.com/token", "x")) // a name of the test server's certificate
	der, key := newCertificate(t, "x")
	bound := mustBind(t, c, domain.TLSBinding{ClientCertificate: [][]byte{der}, ClientKey: key})
	resp, err := bound.Do(newRequest(t, http.MethodPost, "https://example.com/token", "x"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := strings.Join(dialed, " "); got != "example.com:443 example.com:443" {
		t.Errorf("dialed %s", got)
	}
}

func TestConnectTimeoutLimitsDialContext(t *testing.T) {
	c := newClient(t, httpclient.Options{
		ConnectTimeout: 10 * time.Millisecond, MaxRetries: -1, Proxy: httpclient.NoProxy(),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	mustFail(t, c, newRequest(t, http.MethodPost, "https://example.com/token", "x"))
}
