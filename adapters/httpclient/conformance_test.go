package httpclient_test

import (
	"crypto/x509"
	"testing"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

func TestConformance(t *testing.T) {
	portstest.HTTPClient(t, func(t *testing.T, roots *x509.CertPool) ports.HTTPClient {
		return newClient(t, httpclient.Options{RootCAs: roots})
	})
}
