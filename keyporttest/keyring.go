package keyporttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"strconv"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

// keyring holds the keys that the server signs with. Access tokens are signed by one
// that is quick, unless the options say otherwise: clients do not look into them. ID
// tokens of Microsoft's servers are signed with RS256 whatever the options say, because
// their clients take nothing else.
type keyring struct {
	generation int // from 1
	access     signingKey
	identity   signingKey   // for ID tokens of Microsoft's servers; zero until one is needed
	old        []signingKey // published, and no longer used
}

// Rotation says how keys are changed. The zero value keeps the old ones published.
type Rotation struct {
	// DropOld takes the old keys out of the JWKS at once: what they have signed cannot be
	// verified any more.
	DropOld bool
}

// RotateKeys makes the server sign with new keys of new ids.
func (a *Authority) RotateKeys(o Rotation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ring := &a.ring
	ring.old = append(ring.old, ring.access)
	if ring.identity.public != nil && ring.identity.id != ring.access.id {
		ring.old = append(ring.old, ring.identity)
	}
	if o.DropOld {
		ring.old = nil
	}
	ring.generation++
	ring.access = newSigningKey(ring.access.algorithm, ring.generation)
	ring.identity = signingKey{}
}

// accessKey signs access tokens, and the ID tokens of plain issuers.
func (a *Authority) accessKey() signingKey {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ring.access
}

// identityKey signs ID tokens.
func (a *Authority) identityKey(k domain.AuthorityKind) signingKey {
	a.mu.Lock()
	defer a.mu.Unlock()
	ring := &a.ring
	if !k.IsMicrosoft() || ring.access.algorithm == jose.RS256 {
		return ring.access
	}
	if ring.identity.public == nil {
		ring.identity = newSigningKey(jose.RS256, ring.generation)
	}
	return ring.identity
}

// publishedKeys are all keys that verify: those in use first.
func (a *Authority) publishedKeys() []signingKey {
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := []signingKey{a.ring.access}
	if a.ring.identity.public != nil {
		keys = append(keys, a.ring.identity)
	}
	return append(keys, a.ring.old...)
}

// keysAt are those that the JWKS of a kind of server has.
func (a *Authority) keysAt(k domain.AuthorityKind) []signingKey {
	a.identityKey(k)
	keys := a.publishedKeys()
	if k.IsMicrosoft() {
		return keys
	}
	var own []signingKey
	for _, key := range keys {
		if key.algorithm == keys[0].algorithm {
			own = append(own, key)
		}
	}
	return own
}

// keyID names a key by algorithm and generation.
func keyID(algorithm jose.SignatureAlgorithm, generation int) string {
	id := "keyporttest-" + strconv.Itoa(generation)
	if algorithm == jose.RS256 {
		id = "keyporttest-rsa-" + strconv.Itoa(generation)
	}
	return id
}

// rsaKeys are shared by the authorities of the process: to make one takes a while.
// Each generation has its own; the zeroth is a stranger's.
var rsaKeys struct {
	sync.Mutex
	made map[int]*rsa.PrivateKey
}

func sharedRSAKey(generation int) *rsa.PrivateKey {
	rsaKeys.Lock()
	defer rsaKeys.Unlock()
	if key, ok := rsaKeys.made[generation]; ok {
		return key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	if rsaKeys.made == nil {
		rsaKeys.made = map[int]*rsa.PrivateKey{}
	}
	rsaKeys.made[generation] = key
	return key
}

func newPrivateKey(algorithm jose.SignatureAlgorithm, generation int) crypto.Signer {
	if algorithm == jose.RS256 {
		return sharedRSAKey(generation)
	}
	return newECKey()
}
