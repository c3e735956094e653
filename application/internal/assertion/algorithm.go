package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

// algorithms returns what a key can sign with (RFC 7518 §3.1, RFC 8037), the
// preferred first.
func algorithms(public crypto.PublicKey) []jose.SignatureAlgorithm {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return []jose.SignatureAlgorithm{jose.PS256, jose.RS256, jose.PS384, jose.RS384, jose.PS512, jose.RS512}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}
		case elliptic.P521():
			return []jose.SignatureAlgorithm{jose.ES512}
		}
	case ed25519.PublicKey:
		return []jose.SignatureAlgorithm{jose.EdDSA}
	}
	return nil
}

// choose picks the algorithm: the one that is wanted, or the first of the key's
// that the server offers. A server that offers none is taken to know RS256 and the
// only one of other keys.
func choose(public crypto.PublicKey, wanted string, offered []string) (jose.SignatureAlgorithm, error) {
	able := algorithms(public)
	if len(able) == 0 {
		return "", credentialError(fmt.Sprintf("has a key of type %T, which cannot sign assertions", public), "use an RSA, P-256, P-384, P-521 or Ed25519 key")
	}
	if wanted != "" {
		if i := slices.Index(able, jose.SignatureAlgorithm(wanted)); i >= 0 {
			return able[i], nil
		}
		return "", credentialError(fmt.Sprintf("cannot sign with %q", wanted), fmt.Sprintf("use one of %v with this key", able))
	}
	if len(offered) == 0 {
		if slices.Contains(able, jose.RS256) {
			return jose.RS256, nil
		}
		return able[0], nil
	}
	for _, alg := range able {
		if slices.Contains(offered, string(alg)) {
			return alg, nil
		}
	}
	return "", credentialError(fmt.Sprintf("can sign with %v, but the server takes %v", able, offered), "use a key of another kind")
}

func credentialError(problem, remedy string) error {
	return &domain.ConfigError{Field: "Credential", Problem: problem, Remedy: remedy}
}
