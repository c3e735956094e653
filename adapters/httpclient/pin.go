package httpclient

import (
	"crypto/sha1" //nolint:gosec // Service Fabric publishes SHA-1 thumbprints and nothing else
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/seed57855a68/keyport/domain"
)

func checkPins(b domain.TLSBinding) error {
	if n := len(b.ServerCertificateSHA256); n != 0 && n != sha256.Size {
		return badBinding("ServerCertificateSHA256", "does not have 32 bytes", "decode the thumbprint from hex or base64 first")
	}
	if n := len(b.ServerCertificateSHA1); n != 0 && n != sha1.Size {
		return badBinding("ServerCertificateSHA1", "does not have 20 bytes", "decode the thumbprint from hex first")
	}
	return nil
}

// pin makes the certificate's digest the only proof of the server's identity.
//
// VerifyConnection runs on every handshake, resumed ones included. (That is what
// VerifyPeerCertificate does not do.)
func pin(config *tls.Config, b domain.TLSBinding) {
	if len(b.ServerCertificateSHA256) == 0 && len(b.ServerCertificateSHA1) == 0 {
		return
	}
	config.InsecureSkipVerify = true // the pin takes the place of chain and name
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server sent no certificate")
		}
		leaf := state.PeerCertificates[0].Raw
		sum256, sum1 := sha256.Sum256(leaf), sha1.Sum(leaf) //nolint:gosec // see the import
		if matches(b.ServerCertificateSHA256, sum256[:]) && matches(b.ServerCertificateSHA1, sum1[:]) {
			return nil
		}
		return &tls.CertificateVerificationError{
			UnverifiedCertificates: state.PeerCertificates,
			Err:                    fmt.Errorf("the server's certificate is not the pinned one: its SHA-256 is %x", sum256),
		}
	}
}

func matches(pin, sum []byte) bool {
	return len(pin) == 0 || subtle.ConstantTimeCompare(pin, sum) == 1
}
