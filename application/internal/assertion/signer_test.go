package assertion_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/application/internal/assertion"
)

type signFunc = func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error)

func returns(signature []byte) signFunc {
	return func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return signature, nil }
}

func pair(r, s *big.Int) []byte { return must(asn1.Marshal(struct{ R, S *big.Int }{r, s})) }

func TestSignersThatLie(t *testing.T) {
	private, _ := rsaKey().(*rsa.PrivateKey)
	p256, ed := ecKey(elliptic.P256()), edKey()
	one, huge := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 256)
	offline := errors.New("the vault is offline")
	for _, tt := range []struct {
		name string
		key  crypto.Signer // whose public key it shows
		sign signFunc
		is   error
	}{
		{"error", private, func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
			return nil, fmt.Errorf("sign: %w", offline)
		}, offline},
		{"signature beside an error", private, func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
			return must(private.Sign(r, d, o)), offline
		}, offline},
		{"another key", private, otherRSAKey().Sign, nil},
		{"RS256 in place of PS256", private, func(r io.Reader, d []byte, _ crypto.SignerOpts) ([]byte, error) {
			return rsa.SignPKCS1v15(r, private, crypto.SHA256, d)
		}, nil},
		{"another digest", private, func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
			d[0] ^= 1
			return private.Sign(r, d, o)
		}, nil},
		{"nothing", private, returns(nil), nil},
		{"too little", private, returns([]byte{1, 2, 3}), nil},
		{"zeros", private, returns(make([]byte, 256)), nil},
		{"one byte too many", private, func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
			return append(must(private.Sign(r, d, o)), 0), nil
		}, nil},

		{"another EC key", p256, ecKey(elliptic.P256()).Sign, nil},
		{"EC: nothing", p256, returns(nil), nil},
		{"EC: no ASN.1", p256, returns([]byte("signature")), nil},
		{"EC: r and s as JOSE has them", p256, returns(make([]byte, 64)), nil},
		{"EC: bytes behind", p256, func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
			return append(must(p256.Sign(r, d, o)), 0), nil
		}, nil},
		{"EC: r is 0", p256, returns(pair(new(big.Int), one)), nil},
		{"EC: s is 0", p256, returns(pair(one, new(big.Int))), nil},
		{"EC: r is negative", p256, returns(pair(big.NewInt(-1), one)), nil},
		{"EC: s is negative", p256, returns(pair(one, big.NewInt(-1))), nil},
		{"EC: r is too large", p256, returns(pair(huge, one)), nil},
		{"EC: s is too large", p256, returns(pair(one, huge)), nil},
		{"EC: of something else", p256, returns(pair(one, one)), nil},

		{"another Ed25519 key", ed, edKey().Sign, nil},
		{"Ed25519: nothing", ed, returns(nil), nil},
		{"Ed25519: too little", ed, returns(make([]byte, 10)), nil},
		{"Ed25519: of the digest", ed, func(_ io.Reader, d []byte, _ crypto.SignerOpts) ([]byte, error) {
			return ed.Sign(rand.Reader, d[:32], crypto.Hash(0))
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key := keyOf(tt.key)
			key.Signer = liar{tt.key.Public(), tt.sign}
			for _, p := range []assertion.Profile{entra(), plain("PS256", "ES256", "EdDSA")} {
				got, err := new(assertion.Cache).Get(t.Context(), key, p, noon)
				if bad := mustRefuse(t, "Credential", got, err); bad.Problem != "could not sign the client assertion" || bad.Remedy == "" {
					t.Errorf("got %v", bad)
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("got %v, want it to wrap %v", err, tt.is)
				}
			}
		})
	}
}

const canary = "canary-91bd" // what a signer throws

func TestASignerThatPanics(t *testing.T) {
	key := keyOf(rsaKey())
	key.Signer = liar{rsaKey().Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { panic(canary) }}
	var c assertion.Cache
	got, err := c.Get(t.Context(), key, entra(), noon)
	if err == nil || !got.IsZero() || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v, want an error without what was thrown", err)
	}
	key.Signer = rsaKey()
	mustGet(t, &c, key, entra(), noon) // the next caller is served
}

func TestWhatASignerIsAskedFor(t *testing.T) {
	for alg, want := range map[string]struct {
		hash crypto.Hash
		pss  bool
	}{
		"PS256": {crypto.SHA256, true}, "PS384": {crypto.SHA384, true}, "PS512": {crypto.SHA512, true},
		"RS256": {crypto.SHA256, false}, "RS384": {crypto.SHA384, false}, "RS512": {crypto.SHA512, false},
	} {
		key := keyOf(rsaKey())
		key.Algorithm = alg
		key.Signer = liar{rsaKey().Public(), func(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
			pss, isPSS := o.(*rsa.PSSOptions)
			if o.HashFunc() != want.hash || len(digest) != want.hash.Size() || isPSS != want.pss || r == nil {
				t.Errorf("%s: asked to sign %d bytes with %v, PSS: %t", alg, len(digest), o.HashFunc(), isPSS)
			}
			if isPSS && pss.SaltLength != rsa.PSSSaltLengthEqualsHash {
				t.Errorf("%s: salt length %d", alg, pss.SaltLength)
			}
			return rsaKey().Sign(r, digest, o)
		}}
		mustGet(t, new(assertion.Cache), key, entra(), noon)
	}
}
