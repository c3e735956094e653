package httpclient_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

func mustBind(t *testing.T, c ports.TLSConfigurer, b domain.TLSBinding) ports.HTTPClient {
	t.Helper()
	bound, err := c.ForTLS(b)
	if err != nil {
		t.Fatal(err)
	}
	return bound
}

// newMutualServer says which client certificate it saw and counts connections.
func newMutualServer(t *testing.T) (*httptest.Server, *x509.CertPool, *atomic.Int32) {
	t.Helper()
	connections := new(atomic.Int32)
	server, roots := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = io.WriteString(w, name)
	}, countConnections(connections), func(s *httptest.Server) {
		s.EnableHTTP2 = false
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	})
	return server, roots, connections
}

// opaqueSigner stands for a key in hardware: it signs, and its private key has no Go type.
type opaqueSigner struct {
	signer crypto.Signer
	uses   *atomic.Int32
}

func (s opaqueSigner) Public() crypto.PublicKey { return s.signer.Public() }

func (s opaqueSigner) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	s.uses.Add(1)
	return s.signer.Sign(random, digest, o)
}

func TestEqualBindingsShareConnectionsAndOthersNever(t *testing.T) {
	server, roots, connections := newMutualServer(t)
	c := newClient(t, httpclient.Options{RootCAs: roots})
	one, keyOne := newCertificate(t, "one")
	two, keyTwo := newCertificate(t, "two")
	first := domain.TLSBinding{ClientCertificate: [][]byte{one}, ClientKey: keyOne}
	second := domain.TLSBinding{ClientCertificate: [][]byte{two}, ClientKey: keyTwo}
	get := func(c ports.HTTPClient) string {
		return mustDo(t, c, newRequest(t, http.MethodGet, server.URL, "")).Body
	}
	var got []string
	for range 2 {
		got = append(got, get(c), get(mustBind(t, c, first)), get(mustBind(t, c, second)))
		for _, direct := range []domain.TLSBinding{first, second} {
			direct.NoProxy = true
			got = append(got, get(mustBind(t, c, direct)))
		}
		got = append(got, get(mustBind(t, c, domain.TLSBinding{ServerCertificateSHA256: sum256(server)})))
	}
	want := strings.Repeat("nobody one two one two nobody ", 2)
	if text := strings.Join(got, " ") + " "; text != want || connections.Load() != 6 {
		t.Errorf("got %q on %d connections, want %q on 6", text, connections.Load(), want)
	}
}

func sum256(s *httptest.Server) []byte { sum := sha256.Sum256(s.Certificate().Raw); return sum[:] }
func sum1(s *httptest.Server) []byte   { sum := sha1.Sum(s.Certificate().Raw); return sum[:] }

func TestBoundClientFollowsTheSameRules(t *testing.T) {
	var requests atomic.Int32
	server, roots := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	bound := mustBind(t, newClient(t, httpclient.Options{RootCAs: roots}), domain.TLSBinding{NoProxy: true})
	got := mustDo(t, bound, newRequest(t, http.MethodPost, server.URL, "x"))
	if got.Status != http.StatusTemporaryRedirect || requests.Load() != 1 {
		t.Errorf("got %+v after %d requests, want the redirect itself", got, requests.Load())
	}
	nested, ok := bound.(ports.TLSConfigurer)
	if !ok {
		t.Fatal("a bound client cannot be bound again")
	}
	if again := mustBind(t, nested, domain.TLSBinding{NoProxy: true}); again != bound {
		t.Error("an equal binding of a bound client gives another client")
	}
}

func TestClientKeyMayLiveInHardwareAndBeReplaced(t *testing.T) {
	server, roots, _ := newMutualServer(t)
	server.Config.SetKeepAlivesEnabled(false) // a handshake for each request
	c := newClient(t, httpclient.Options{RootCAs: roots})
	der, key := newCertificate(t, "hardware")
	var before, after atomic.Int32
	for _, uses := range []*atomic.Int32{&before, &after} {
		bound := mustBind(t, c, domain.TLSBinding{ClientCertificate: [][]byte{der}, ClientKey: opaqueSigner{key, uses}})
		got := mustDo(t, bound, newRequest(t, http.MethodGet, server.URL, ""))
		if got.Body != "hardware" || uses.Load() != 1 {
			t.Errorf("got %+v with %d signatures, want the certificate with 1", got, uses.Load())
		}
	}
}

func TestPinReplacesVerificationAndIsChecked(t *testing.T) {
	server, _ := newServer(t, func(http.ResponseWriter, *http.Request) {})
	other := make([]byte, 32)
	for _, tt := range []struct {
		name    string
		binding domain.TLSBinding
		ok      bool
	}{
		{"no pin", domain.TLSBinding{NoProxy: true}, false},
		{"SHA-256", domain.TLSBinding{ServerCertificateSHA256: sum256(server)}, true},
		{"SHA-1", domain.TLSBinding{ServerCertificateSHA1: sum1(server)}, true},
		{"both", domain.TLSBinding{ServerCertificateSHA256: sum256(server), ServerCertificateSHA1: sum1(server)}, true},
		{"other SHA-256", domain.TLSBinding{ServerCertificateSHA256: other}, false},
		{"other SHA-1", domain.TLSBinding{ServerCertificateSHA1: other[:20]}, false},
		{"one of two", domain.TLSBinding{ServerCertificateSHA256: sum256(server), ServerCertificateSHA1: other[:20]}, false},
	} {
		c := newClient(t, httpclient.Options{}) // trusts nobody who could have signed the server's certificate
		_, err := do(t, mustBind(t, c, tt.binding), newRequest(t, http.MethodPost, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), "x"))
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v, want success %v", tt.name, err, tt.ok)
		}
		var refused *tls.CertificateVerificationError
		if !tt.ok && !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a certificate error", tt.name, err)
		}
	}
}

func TestWrongPinIsNotRetried(t *testing.T) {
	var connections atomic.Int32
	server, _ := newServer(t, func(http.ResponseWriter, *http.Request) {}, countConnections(&connections))
	bound := mustBind(t, newClient(t, httpclient.Options{}), domain.TLSBinding{ServerCertificateSHA256: make([]byte, 32)})
	mustFail(t, bound, newRequest(t, http.MethodGet, server.URL, ""))
	if got := connections.Load(); got != 1 {
		t.Errorf("got %d connections, want 1", got)
	}
}

func TestPinHoldsOnResumedSessions(t *testing.T) {
	server, _ := newServer(t, func(http.ResponseWriter, *http.Request) {})
	sessions := tls.NewLRUClientSessionCache(1)
	dial := func(sha256 []byte) (resumed bool, err error) {
		config := &tls.Config{ClientSessionCache: sessions, ServerName: "example.com", MaxVersion: tls.VersionTLS12}
		httpclient.Pin(config, domain.TLSBinding{ServerCertificateSHA256: sha256})
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			return false, err
		}
		defer func() { _ = conn.Close() }()
		session := tls.Client(conn, config)
		err = session.HandshakeContext(t.Context())
		return session.ConnectionState().DidResume, err
	}
	if _, err := dial(sum256(server)); err != nil {
		t.Fatal(err)
	}
	if resumed, err := dial(sum256(server)); err != nil || !resumed {
		t.Fatalf("got resumed %v, error %v: the test needs a resumed session", resumed, err)
	}
	if _, err := dial(make([]byte, 32)); err == nil {
		t.Error("a resumed session got around the pin")
	}
}

func TestNoProxyOfABindingIsHonoured(t *testing.T) {
	var asked atomic.Int32
	proxy := func(*http.Request) (*url.URL, error) { asked.Add(1); return nil, errors.New("asked") }
	c := newClient(t, httpclient.Options{Proxy: proxy, ConnectTimeout: time.Nanosecond, MaxRetries: -1})
	for _, noProxy := range []bool{true, false} {
		asked.Store(0)
		// The connection times out before a name is looked up; only the choice matters.
		mustFail(t, mustBind(t, c, domain.TLSBinding{NoProxy: noProxy}), newRequest(t, http.MethodGet, "https://idp.example/", ""))
		if got := asked.Load() == 0; got != noProxy {
			t.Errorf("NoProxy %v: proxy not asked %v", noProxy, got)
		}
	}
}

func TestNumberOfPoolsIsBounded(t *testing.T) {
	server, _ := newServer(t, func(http.ResponseWriter, *http.Request) {})
	c := newClient(t, httpclient.Options{})
	binding := func(i int) domain.TLSBinding {
		return domain.TLSBinding{ServerCertificateSHA256: sum256(server), ServerCertificateSHA1: big.NewInt(int64(i)).FillBytes(make([]byte, 20))}
	}
	first, second := mustBind(t, c, binding(1)), mustBind(t, c, binding(2))
	for i := 3; i <= 64; i++ {
		mustBind(t, c, binding(i))
	}
	if mustBind(t, c, binding(1)) != first { // and is now the last used
		t.Error("a pool was dropped although there was room")
	}
	mustBind(t, c, binding(65))
	if mustBind(t, c, binding(1)) != first {
		t.Error("a pool was dropped that is not the oldest")
	}
	if mustBind(t, c, binding(2)) == second {
		t.Error("the oldest pool was kept beyond the limit")
	}
}

func TestBindingsAreSafeForConcurrentUse(t *testing.T) {
	server, roots, _ := newMutualServer(t)
	c := newClient(t, httpclient.Options{RootCAs: roots})
	var group sync.WaitGroup
	for i := range 4 {
		name := fmt.Sprint("client", i)
		der, key := newCertificate(t, name)
		for range 5 {
			group.Go(func() {
				bound, err := c.ForTLS(domain.TLSBinding{ClientCertificate: [][]byte{der}, ClientKey: key})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := do(t, bound, newRequest(t, http.MethodGet, server.URL, "")); err != nil || got.Body != name {
					t.Errorf("got %+v, %v, want %s", got, err, name)
				}
			})
		}
	}
	group.Wait()
}

func TestClientCertificatesOfTheOptionsAreNotTheBindings(t *testing.T) {
	server, roots, _ := newMutualServer(t)
	der, key := newCertificate(t, "general")
	c := newClient(t, httpclient.Options{RootCAs: roots, ClientCertificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	got := []string{
		mustDo(t, c, newRequest(t, http.MethodGet, server.URL, "")).Body,
		mustDo(t, mustBind(t, c, domain.TLSBinding{}), newRequest(t, http.MethodGet, server.URL, "")).Body,
	}
	if got[0] != "general" || got[1] != "nobody" {
		t.Errorf("got %v, want general and nobody", got)
	}
}

func TestBindingsAreChecked(t *testing.T) {
	der, key := newCertificate(t, "x")
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own := newClient(t, httpclient.Options{})
	callers := newClient(t, httpclient.Options{Transport: http.DefaultTransport})
	for _, tt := range []struct {
		field  string
		client *httpclient.Client
		b      domain.TLSBinding
	}{
		{"TLSBinding.ClientKey", own, domain.TLSBinding{ClientCertificate: [][]byte{der}}},
		{"TLSBinding.ClientKey", own, domain.TLSBinding{ClientCertificate: [][]byte{der}, ClientKey: foreign}},
		{"TLSBinding.ClientCertificate", own, domain.TLSBinding{ClientKey: key}},
		{"TLSBinding.ClientCertificate", own, domain.TLSBinding{ClientCertificate: [][]byte{{1, 2}}, ClientKey: key}},
		{"TLSBinding.ServerCertificateSHA256", own, domain.TLSBinding{ServerCertificateSHA256: make([]byte, 20)}},
		{"TLSBinding.ServerCertificateSHA1", own, domain.TLSBinding{ServerCertificateSHA1: make([]byte, 32)}},
		{"Options.Transport", callers, domain.TLSBinding{NoProxy: true}},
	} {
		_, err := tt.client.ForTLS(tt.b)
		var config *domain.ConfigError
		if !errors.As(err, &config) || config.Field != tt.field || config.Remedy == "" {
			t.Errorf("got %v, want a ConfigError for %s", err, tt.field)
		}
	}
}
