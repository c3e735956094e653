package certificates_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/certificates"
)

func TestACertificatePrintsWithoutItsKey(t *testing.T) {
	key := file(t, "rsa-pkcs8.pem")
	digits := strings.ReplaceAll(fingerprint(t, "leaf.sha1"), ":", "")
	more := strings.ReplaceAll(fingerprint(t, "leaf.sha256"), ":", "")
	for want, c := range map[string]certificates.Certificate{
		"no certificate":                  {},
		"certificate of CN=app,O=Contoso": mustParse(t, certificates.Source{PEM: key, Certificates: file(t, "leaf.pem")}),
		"key with thumbprint " + digits:   mustParse(t, certificates.Source{PEM: key, Thumbprint: digits}),
		"key with thumbprint " + more:     mustParse(t, certificates.Source{PEM: key, SHA256Thumbprint: more}),
		"key without a certificate":       mustParse(t, certificates.Source{PEM: key}),
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, c); got != want {
				t.Errorf("%s prints %q, want %q", verb, got, want)
			}
			inside := struct{ hidden any }{struct{ c certificates.Certificate }{c}} // fmt calls no methods there
			checkKeyless(t, fmt.Sprintf(verb, inside))
		}
		if got, err := json.Marshal(map[string]any{"c": c}); err != nil || string(got) != `{"c":"`+want+`"}` {
			t.Errorf("JSON is %s, %v", got, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c)
		if !strings.Contains(log.String(), want) {
			t.Errorf("slog writes %s, want %q", log.String(), want)
		}
		checkKeyless(t, log.String())
	}
}

// checkKeyless looks for the private exponent as fmt would write it.
func checkKeyless(t *testing.T, text string) {
	t.Helper()
	key, _ := theKey(t).(*rsa.PrivateKey)
	for _, secret := range []string{key.D.String(), key.D.Text(16), key.Primes[0].String(), fmt.Sprint(key.D.Bits()[0])} {
		if strings.Contains(text, secret) {
			t.Errorf("prints the key: %.100s", text)
		}
	}
}
