package httpclient

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// maxBindings bounds the pools that are kept. A process has few certificates, but
// rotates them for as long as it runs.
const maxBindings = 64

// bindings keeps a client, and so a pool of connections, for each TLS binding.
type bindings struct {
	// newClient holds the options. As fields they could be printed, and with them
	// the private keys of client certificates.
	newClient func(domain.TLSBinding) *boundClient

	mu    sync.Mutex
	calls uint64
	pools map[bindingKey]*boundClient
}

type bindingKey [sha256.Size]byte

type boundClient struct {
	*Client
	certificate atomic.Pointer[tls.Certificate]
	lastUse     uint64 // number of the call that asked for it last
}

func newBindings(o Options) *bindings {
	s := &bindings{pools: make(map[bindingKey]*boundClient)}
	s.newClient = func(b domain.TLSBinding) *boundClient {
		bound := newBoundClient(o, b)
		bound.bindings = s
		return bound
	}
	return s
}

// ForTLS implements [ports.TLSConfigurer]: it returns a client that presents the
// binding's certificate and accepts only the pinned server. Two pins must both
// match. Without pins the server is verified as by the client itself.
//
// Equal bindings give the same pool of connections, and different ones never do. The
// 64 pools used last are kept; a client whose pool was dropped still works.
//
// It fails with a [*domain.ConfigError] when the binding makes no sense, or when the
// client uses [Options].Transport.
func (c *Client) ForTLS(b domain.TLSBinding) (ports.HTTPClient, error) {
	if c.bindings == nil {
		return nil, bad("Transport", "is the caller's, so it cannot be tied to a certificate",
			"leave Transport nil, or give an HTTPClient that implements ports.TLSConfigurer")
	}
	certificate, err := clientCertificate(b)
	if err != nil {
		return nil, err
	}
	if err := checkPins(b); err != nil {
		return nil, err
	}
	return c.bindings.client(b, certificate), nil
}

func (s *bindings) client(b domain.TLSBinding, certificate *tls.Certificate) *Client {
	key := keyOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	bound, ok := s.pools[key]
	if !ok {
		s.makeRoom()
		bound = s.newClient(b)
		s.pools[key] = bound
	}
	bound.lastUse = s.calls
	// The newest signer serves: an older one may belong to a token session that was closed.
	bound.certificate.Store(certificate)
	return bound.Client
}

func newBoundClient(o Options, b domain.TLSBinding) *boundClient {
	bound := &boundClient{}
	config := tlsConfig(o)
	config.Certificates = nil
	if len(b.ClientCertificate) > 0 {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return bound.certificate.Load(), nil
		}
	}
	pin(config, b)
	proxy := proxyPolicy(o.Proxy)
	if b.NoProxy {
		proxy = nil
	}
	bound.Client = newClient(o, newTransport(o, config, proxy))
	return bound
}

// makeRoom drops the pool that was asked for longest ago. Requests under way on it
// are not disturbed; its connections close as they become idle.
func (s *bindings) makeRoom() {
	if len(s.pools) < maxBindings {
		return
	}
	var oldest bindingKey
	for key, bound := range s.pools {
		if o, ok := s.pools[oldest]; !ok || bound.lastUse < o.lastUse {
			oldest = key
		}
	}
	closeIdle(s.pools[oldest].transport)
	delete(s.pools, oldest)
}

func (s *bindings) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, bound := range s.pools {
		closeIdle(bound.transport)
	}
}

// keyOf is a digest of everything that makes two bindings different. The private key
// is not in it, because the certificate names the public key. Lengths go first, so
// that no two bindings run together into the same bytes.
func keyOf(b domain.TLSBinding) bindingKey {
	var data []byte
	add := func(part []byte) {
		data = binary.BigEndian.AppendUint64(data, uint64(len(part)))
		data = append(data, part...)
	}
	add(b.ServerCertificateSHA256)
	add(b.ServerCertificateSHA1)
	for _, der := range b.ClientCertificate {
		add(der)
	}
	if b.NoProxy {
		data = append(data, 1)
	}
	return sha256.Sum256(data)
}

// clientCertificate checks certificate and key; nil when the binding has none.
func clientCertificate(b domain.TLSBinding) (*tls.Certificate, error) {
	if len(b.ClientCertificate) == 0 && b.ClientKey == nil {
		return nil, nil
	}
	if len(b.ClientCertificate) == 0 {
		return nil, badBinding("ClientCertificate", "is empty beside a ClientKey", "pass the certificate chain, leaf first")
	}
	if b.ClientKey == nil {
		return nil, badBinding("ClientKey", "is nil beside a ClientCertificate", "pass the signer of the leaf's key")
	}
	leaf, err := x509.ParseCertificate(b.ClientCertificate[0])
	if err != nil {
		return nil, &domain.ConfigError{
			Field: "TLSBinding.ClientCertificate", Problem: "cannot be parsed",
			Remedy: "pass DER, leaf first, not PEM", Err: err,
		}
	}
	public, ok := b.ClientKey.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(leaf.PublicKey) {
		return nil, badBinding("ClientKey", "does not belong to the first certificate", "put the leaf first, or pass its key")
	}
	return &tls.Certificate{Certificate: b.ClientCertificate, PrivateKey: b.ClientKey, Leaf: leaf}, nil
}

func badBinding(field, problem, remedy string) error {
	return &domain.ConfigError{Field: "TLSBinding." + field, Problem: problem, Remedy: remedy}
}
