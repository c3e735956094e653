package keyporttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"maps"
)

// Signature says how an ID token is signed.
type Signature int

// The signatures. All but the first must make a client refuse the token.
const (
	SignedHonestly   Signature = iota
	SignedByStranger           // with a key of nobody, under the server's key id
	SignedByNobody             // "alg": "none", and no signature
	SignedByHMAC               // HS256, keyed with the server's public key
	SignedThenEdited           // the claims were changed after they were signed
)

// Forgery changes the ID tokens that the server issues, so that a test can see whether
// its client notices.
type Forgery struct {
	// Change edits header and claims before they are signed; nil for no change.
	Change func(header, claims map[string]any)
	// Signature is how they are signed then.
	Signature Signature
	// Times is how often; 0 for always.
	Times int
}

// forgery is one in use. It is guarded by the authority's mu.
type forgery struct {
	Forgery
	used int
}

// ForgeIDTokens changes the ID tokens that are issued from now on. The zero Forgery
// makes them honest again.
func (a *Authority) ForgeIDTokens(f Forgery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flows.forgery = &forgery{Forgery: f}
	if f.Change == nil && f.Signature == SignedHonestly {
		a.flows.forgery = nil
	}
}

// takeForgery is what to do to the next ID token.
func (a *Authority) takeForgery() Forgery {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.flows.forgery
	if f == nil || f.Times > 0 && f.used >= f.Times {
		return Forgery{}
	}
	f.used++
	return f.Forgery
}

// signIDToken signs as a test wants it.
func (a *Authority) signIDToken(x *exchange, claims map[string]any) string {
	f, key := a.takeForgery(), a.identityKey(x.authority.Kind())
	if f.Change == nil && f.Signature == SignedHonestly {
		return key.sign(typeJWT, claims)
	}
	header := map[string]any{"alg": string(key.algorithm), "kid": key.id, "typ": typeJWT}
	if f.Change != nil {
		f.Change(header, claims)
	}
	switch f.Signature {
	case SignedByStranger:
		return compact(header, claims, signer(newPrivateKey(key.algorithm, 0)))
	case SignedByNobody:
		header["alg"] = "none"
		return compact(header, claims, func([]byte) []byte { return nil })
	case SignedByHMAC:
		header["alg"] = "HS256"
		return compact(header, claims, key.asHMAC)
	case SignedThenEdited:
		honest := signer(key.private)
		return compact(header, claims, func([]byte) []byte {
			edited := maps.Clone(claims)
			edited["edited"] = true
			return honest(signingInput(header, edited))
		})
	}
	return compact(header, claims, signer(key.private))
}

// compact is a JWS in its compact form (RFC 7515 §7.1).
func compact(header, claims map[string]any, sign func([]byte) []byte) string {
	input := signingInput(header, claims)
	return string(input) + "." + base64url(sign(input))
}

func signingInput(header, claims map[string]any) []byte {
	return []byte(base64url(asJSON(header)) + "." + base64url(asJSON(claims)))
}

// signer is RS256 or ES256 (RFC 7518 §3.3, §3.4).
func signer(key crypto.Signer) func([]byte) []byte {
	return func(input []byte) []byte {
		digest := sha256.Sum256(input)
		var signature []byte
		var err error
		switch k := key.(type) {
		case *rsa.PrivateKey:
			signature, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest[:])
		case *ecdsa.PrivateKey:
			r, s, failed := ecdsa.Sign(rand.Reader, k, digest[:])
			if err = failed; err == nil {
				signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
			}
		}
		if err != nil {
			panic("keyporttest: " + err.Error())
		}
		return signature
	}
}

// asHMAC signs with what everybody knows: a client that lets the header choose the
// algorithm takes the public key for a shared secret.
func (k signingKey) asHMAC(input []byte) []byte {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	_, _ = mac.Write(input)
	return mac.Sum(nil)
}
