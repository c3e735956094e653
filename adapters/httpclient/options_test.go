package httpclient_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/domain"
)

func TestNothingPrintsAPrivateKey(t *testing.T) {
	_, key := newCertificate(t, "x")
	key25519 := newEd25519(t)
	o := httpclient.Options{ClientCertificates: []tls.Certificate{
		{Certificate: [][]byte{{1}}, PrivateKey: key},
		{Certificate: [][]byte{{1}}, PrivateKey: key25519},
	}}
	c := newClient(t, o)
	want := fmt.Sprintf("%v", []byte(key25519)[:8])
	want = strings.Trim(want, "[]")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb+verb, o, c); strings.Contains(text, want) {
			t.Errorf("%s shows a private key: %s", verb, text)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	pool := x509.NewCertPool()
	transport := http.DefaultTransport
	for _, tt := range []struct {
		field string
		o     httpclient.Options
	}{
		{"Options.Timeout", httpclient.Options{Timeout: -1}},
		{"Options.ConnectTimeout", httpclient.Options{ConnectTimeout: -1}},
		{"Options.TLSHandshakeTimeout", httpclient.Options{TLSHandshakeTimeout: -1}},
		{"Options.ResponseHeaderTimeout", httpclient.Options{ResponseHeaderTimeout: -1}},
		{"Options.RetryWaitMin", httpclient.Options{RetryWaitMin: -1}},
		{"Options.RetryWaitMax", httpclient.Options{RetryWaitMin: 2, RetryWaitMax: 1}},
		{"Options.MaxIdleConnsPerHost", httpclient.Options{MaxIdleConnsPerHost: -1}},
		{"Options.RootCAFile", httpclient.Options{RootCAFile: "testdata/absent.pem"}},
		{"Options.RootCAFile", httpclient.Options{RootCAFile: "doc.go"}},
		{"Options.RootCAFile", httpclient.Options{RootCAs: pool, RootCAFile: "x"}},
		{"Options.InsecureSkipVerify", httpclient.Options{InsecureSkipVerify: true, RootCAs: pool}},
		{"Options.ClientCertificates[0]", httpclient.Options{ClientCertificates: make([]tls.Certificate, 1)}},
		{"Options.Transport", httpclient.Options{Transport: (*http.Transport)(nil)}},
		{"Options.RootCAs", httpclient.Options{Transport: transport, RootCAs: pool}},
		{"Options.RootCAFile", httpclient.Options{Transport: transport, RootCAFile: "x"}},
		{"Options.Proxy", httpclient.Options{Transport: transport, Proxy: httpclient.NoProxy()}},
		{"Options.InsecureSkipVerify", httpclient.Options{Transport: transport, InsecureSkipVerify: true}},
		{"Options.DialContext", httpclient.Options{Transport: transport, DialContext: new(net.Dialer).DialContext}},
		{"Options.ConnectTimeout", httpclient.Options{Transport: transport, ConnectTimeout: 1}},
	} {
		_, err := httpclient.New(tt.o)
		var config *domain.ConfigError
		if !errors.As(err, &config) {
			t.Errorf("%s: got %v, want a ConfigError", tt.field, err)
			continue
		}
		if diff := cmp.Diff(tt.field, config.Field); diff != "" || config.Remedy == "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}
