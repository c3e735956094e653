package httpclient

import (
	"crypto/x509"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// check finds the first field that cannot be used.
func (o Options) check() error {
	for _, find := range []func(Options) error{
		checkNumbers, checkTransport, checkTrust, checkClientCertificates,
	} {
		if err := find(o); err != nil {
			return err
		}
	}
	return nil
}

func checkNumbers(o Options) error {
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"Timeout", o.Timeout},
		{"ConnectTimeout", o.ConnectTimeout},
		{"TLSHandshakeTimeout", o.TLSHandshakeTimeout},
		{"ResponseHeaderTimeout", o.ResponseHeaderTimeout},
		{"RetryWaitMin", o.RetryWaitMin},
		{"RetryWaitMax", o.RetryWaitMax},
	} {
		if d.value < 0 {
			return bad(d.field, "is negative", "leave it zero for the default")
		}
	}
	if o.MaxIdleConnsPerHost < 0 {
		return bad("MaxIdleConnsPerHost", "is negative", "leave it zero for the default")
	}
	if o.RetryWaitMax != 0 && o.RetryWaitMax < o.RetryWaitMin {
		return bad("RetryWaitMax", "is less than RetryWaitMin", "raise it, or leave it zero")
	}
	return nil
}

// checkTransport refuses what a caller's transport would silently ignore.
func checkTransport(o Options) error {
	if o.Transport == nil {
		return nil
	}
	if t, ok := o.Transport.(*http.Transport); ok && t == nil {
		return bad("Transport", "is a nil *http.Transport", "leave the field nil for the built-in transport")
	}
	for _, f := range []struct {
		field string
		set   bool
	}{
		{"ConnectTimeout", o.ConnectTimeout != 0},
		{"TLSHandshakeTimeout", o.TLSHandshakeTimeout != 0},
		{"ResponseHeaderTimeout", o.ResponseHeaderTimeout != 0},
		{"RootCAs", o.RootCAs != nil},
		{"RootCAFile", o.RootCAFile != ""},
		{"InsecureSkipVerify", o.InsecureSkipVerify},
		{"ClientCertificates", len(o.ClientCertificates) > 0},
		{"Proxy", o.Proxy != nil},
		{"DialContext", o.DialContext != nil},
		{"MaxIdleConnsPerHost", o.MaxIdleConnsPerHost != 0},
	} {
		if f.set {
			return bad(f.field, "has no effect beside Options.Transport", "configure the transport itself")
		}
	}
	return nil
}

func checkTrust(o Options) error {
	switch {
	case o.RootCAs != nil && o.RootCAFile != "":
		return bad("RootCAFile", "is set beside RootCAs", "set one of the two")
	case o.InsecureSkipVerify && (o.RootCAs != nil || o.RootCAFile != ""):
		return bad("InsecureSkipVerify", "is set beside root certificates, which it makes useless", "remove it")
	}
	return nil
}

func checkClientCertificates(o Options) error {
	for i, c := range o.ClientCertificates {
		if len(c.Certificate) == 0 || c.PrivateKey == nil {
			return bad("ClientCertificates["+strconv.Itoa(i)+"]", "lacks its certificate or its private key",
				"load it with tls.LoadX509KeyPair")
		}
	}
	return nil
}

// rootCAs returns the pool to trust; nil for that of the system.
func (o Options) rootCAs() (*x509.CertPool, error) {
	if o.RootCAFile == "" {
		return o.RootCAs, nil
	}
	const remedy = "name a readable file of PEM certificates"
	pem, err := os.ReadFile(o.RootCAFile)
	if err != nil {
		return nil, &domain.ConfigError{Field: "Options.RootCAFile", Problem: "cannot be read", Remedy: remedy, Err: err}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, bad("RootCAFile", "holds no PEM certificate", remedy)
	}
	return pool, nil
}

func bad(field, problem, remedy string) error {
	return &domain.ConfigError{Field: "Options." + field, Problem: problem, Remedy: remedy}
}
