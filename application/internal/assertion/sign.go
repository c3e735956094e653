package assertion

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// opaque lets go-jose sign with a crypto.Signer that keeps its key to itself.
type opaque struct {
	signer crypto.Signer
	keyID  string
}

var _ jose.OpaqueSigner = opaque{}

// Public implements [jose.OpaqueSigner]. go-jose takes the "kid" header from it.
func (o opaque) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: o.signer.Public(), KeyID: o.keyID}
}

// Algs implements [jose.OpaqueSigner].
func (o opaque) Algs() []jose.SignatureAlgorithm { return algorithms(o.signer.Public()) }

// hashes of the algorithms; Ed25519 signs the message itself.
var hashes = map[jose.SignatureAlgorithm]crypto.Hash{
	jose.PS256: crypto.SHA256, jose.PS384: crypto.SHA384, jose.PS512: crypto.SHA512,
	jose.RS256: crypto.SHA256, jose.RS384: crypto.SHA384, jose.RS512: crypto.SHA512,
	jose.ES256: crypto.SHA256, jose.ES384: crypto.SHA384, jose.ES512: crypto.SHA512,
}

// SignPayload implements [jose.OpaqueSigner].
func (o opaque) SignPayload(payload []byte, alg jose.SignatureAlgorithm) ([]byte, error) {
	hash := hashes[alg]
	digest := payload
	if hash != 0 {
		h := hash.New()
		h.Write(payload)
		digest = h.Sum(nil)
	}
	var opts crypto.SignerOpts = hash
	if isPSS(alg) { // RFC 7518 §3.5: the salt is as long as the hash
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	signature, err := o.signer.Sign(rand.Reader, digest, opts)
	if err != nil {
		return nil, err
	}
	if key, ok := o.signer.Public().(*ecdsa.PublicKey); ok {
		return joseForm(signature, key)
	}
	return signature, nil
}

func isPSS(alg jose.SignatureAlgorithm) bool { return bytes.HasPrefix([]byte(alg), []byte("PS")) }

// joseForm turns the ASN.1 form of an ECDSA signature into r||s (RFC 7518 §3.4).
func joseForm(der []byte, key *ecdsa.PublicKey) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &sig); err != nil || len(rest) > 0 {
		return nil, errors.New("the signer's answer is no ECDSA signature")
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	if sig.R.Sign() <= 0 || sig.S.Sign() <= 0 || sig.R.BitLen() > size*8 || sig.S.BitLen() > size*8 {
		return nil, errors.New("the signer's answer is no signature for its curve")
	}
	out := make([]byte, 2*size)
	sig.R.FillBytes(out[:size])
	sig.S.FillBytes(out[size:])
	return out, nil
}

// sign writes payload as a compact JWS and reads it back with the public key, so
// that a signer that does something else than it was asked is found out here.
func sign(payload []byte, alg jose.SignatureAlgorithm, key any, verify any, header map[jose.HeaderKey]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", alg, err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", alg, err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		return "", err
	}
	if _, err := jws.Verify(verify); err != nil {
		return "", fmt.Errorf("the signer's answer is not a %s signature of its own key", alg)
	}
	return text, nil
}
