package keyporttest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
)

const (
	kindKey   = "private key"
	lineOfPEM = 64 // base64 digits (RFC 7468 §2)
)

// learnKey registers what of a private key must stay secret, in the forms in which
// keys are printed: the number in decimal, and a piece of the PEM.
func learnKey(key crypto.Signer) {
	var secret []byte
	switch k := key.(type) {
	case *rsa.PrivateKey:
		secret = k.Primes[0].Bytes()
		secrets.learn(kindKey, k.D.String())
	case *ecdsa.PrivateKey:
		secret, _ = k.Bytes()
	case ed25519.PrivateKey:
		secret = k.Seed()
	default:
		return // it is elsewhere
	}
	secrets.learn(kindKey, string(secret))
	secrets.learn(kindKey, new(big.Int).SetBytes(secret).String())
	if der, err := x509.MarshalPKCS8PrivateKey(key); err == nil {
		secrets.learn(kindKey, pieceOfPEM(der, secret))
	}
}

// pieceOfPEM is that part of the PEM of der that encodes secret, with its line breaks.
func pieceOfPEM(der, secret []byte) string {
	at := bytes.Index(der, secret)
	if at < 0 {
		return ""
	}
	digits := base64.StdEncoding.EncodeToString(der)
	var piece strings.Builder
	for i := (at*8 + 5) / 6; i < (at+len(secret))*8/6; i++ {
		if i%lineOfPEM == 0 && piece.Len() > 0 {
			piece.WriteByte('\n')
		}
		piece.WriteByte(digits[i])
	}
	return piece.String()
}
