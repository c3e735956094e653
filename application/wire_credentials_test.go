package application_test

import (
	"context"
	"strings"
	"sync"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/keyporttest"
)

var labCertificate = sync.OnceValue(func() keyporttest.Certificate { return keyporttest.NewCertificate("lab") })

func byLabKey(o application.SignerOptions) application.Credential {
	o.Certificates = labCertificate().Chain
	return application.ClientSigner(labCertificate().Signer, o)
}

func byText(string) application.Credential {
	return application.ClientAssertion("lab.client.assertion")
}

func byCallback(string) application.Credential {
	return application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) {
		return "lab.client.assertion", nil
	})
}

// byCertificate signs with a key whose certificate the server knows.
func byCertificate(string) application.Credential { return byLabKey(application.SignerOptions{}) }

// bySentCertificate sends the certificate along.
func bySentCertificate(string) application.Credential {
	return byLabKey(application.SignerOptions{SendX5C: true})
}

// byThumbprint gives what the peer was given: its certificate to MSAL Go, and the
// SHA-1 thumbprint alone to the others.
func byThumbprint(peer string) application.Credential {
	if strings.HasSuffix(peer, "-go") {
		return byCertificate(peer)
	}
	return application.ClientSigner(labCertificate().Signer, application.SignerOptions{SHA1Thumbprint: make([]byte, 20)})
}
