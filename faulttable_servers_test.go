package keyport_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// pki is what servers of the table show, and what their client trusts. A synctest
// bubble begins at midnight of 1 January 2000.
type pki struct {
	roots                          *x509.CertPool
	good, expired, early, misnamed tls.Certificate
	unknown                        tls.Certificate // of an authority that nobody knows
}

var bubbleBegins = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var faultPKI = sync.OnceValue(func() pki {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	issue := func(parent *x509.Certificate, host string, from, to time.Duration) (*x509.Certificate, tls.Certificate) {
		t := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
			NotBefore: bubbleBegins.Add(from), NotAfter: bubbleBegins.Add(to),
			IsCA: parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		if parent == nil {
			parent = t
		}
		der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, key)
		if err != nil {
			panic(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		return leaf, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	const day = 24 * time.Hour
	root, _ := issue(nil, "the right authority", -day, day)
	other, _ := issue(nil, "another authority", -day, day)
	p := pki{roots: x509.NewCertPool()}
	p.roots.AddCert(root)
	_, p.good = issue(root, faultyHost, -day, day)
	_, p.expired = issue(root, faultyHost, -2*day, -day)
	_, p.early = issue(root, faultyHost, day, 2*day)
	_, p.misnamed = issue(root, "hotel.example", -day, day)
	_, p.unknown = issue(other, faultyHost, -day, day)
	return p
})

// well answers as a server should.
func well(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, goodAnswer)
}

// answers is a server that says one thing; header holds names and values in turn.
func answers(status int, body string, header ...string) func(*wire) {
	return func(w *wire) {
		w.answer = func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			for i := 0; i+1 < len(header); i += 2 {
				if i == 0 || header[i] != header[i-2] {
					rw.Header().Del(header[i])
				}
				rw.Header().Add(header[i], header[i+1])
			}
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, body)
		}
	}
}

// body is a server that answers 200.
func body(text string) func(*wire) { return answers(http.StatusOK, text) }

// member is a good answer with one more member, or a member in place of expires_in.
func member(name, value string) func(*wire) {
	good := `{"token_type":"Bearer","access_token":"` + faultToken + `",`
	if name != "expires_in" {
		good += `"expires_in":3600,`
	}
	return body(good + `"` + name + `":` + value + `}`)
}

// over is a fault of one protocol.
func over(protocol string, set func(*wire)) func(*wire) {
	return func(w *wire) { set(w); w.protocol = protocol }
}

// raw is a server that speaks HTTP/1.1 byte by byte, once it has read a request.
func raw(answer func(*wire, *tls.Conn)) func(*wire) {
	return func(w *wire) { w.protocol, w.raw = "http/1.1", answer }
}

// says is a server that speaks HTTP/1.1 line by line, and closes.
func says(lines ...string) func(*wire) {
	return raw(func(_ *wire, conn *tls.Conn) {
		_, _ = io.WriteString(conn, strings.Join(lines, "\r\n"))
		_ = conn.Close() // with notice
	})
}

// slowly is a server that writes a byte in each second.
func slowly(before, text string) func(*wire) {
	return raw(func(_ *wire, conn *tls.Conn) {
		_, err := io.WriteString(conn, before)
		for i := 0; i < len(text) && err == nil; i++ {
			time.Sleep(time.Second)
			_, err = io.WriteString(conn, text[i:i+1])
		}
	})
}
