package keyring

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"

	"golang.org/x/crypto/argon2"

	"github.com/seed57855a68/keyport/domain"
)

const passphraseName = "passphrase"

// Ask asks the user for the passphrase: for a new one, which it has typed twice, or for the one of before. The empty
// passphrase means that the user cannot be asked here, as without a terminal; the next rung is then
// tried. An error ends the search.
type Ask func(ctx context.Context, fresh bool) (domain.Secret, error)

type passphrase struct {
	path string
	ask  Ask
}

// Passphrase keeps the key in a file, sealed with a key that Argon2id derives from a passphrase. That costs 64 MiB and some tenths of
// a second at each start, and a guesser as much for each guess.
func Passphrase(path string, ask Ask) Source { return passphrase{path, ask} }

// Name implements [Source].
func (passphrase) Name() string { return passphraseName }

// sealedKey is the file. The parameters are in it, so that later versions can raise them.
type sealedKey struct {
	Version   int    `json:"version"`
	Time      uint32 `json:"argon2id_time"`
	MemoryKiB uint32 `json:"argon2id_memory_kib"`
	Threads   uint8  `json:"argon2id_threads"`
	Salt      []byte `json:"salt"`
	Nonce     []byte `json:"nonce"`
	Sealed    []byte `json:"sealed"`
}

// RFC 9106 §4, the second recommended option: for machines that have no 2 GiB to spare.
const (
	argonTime    = 3
	argonMemory  = 64 << 10
	argonThreads = 4
	saltSize     = 16
)

// A file that was tampered with may not cost more than this.
const (
	maxTime   = 64
	maxMemory = 2 << 20
)

// Load implements [Source].
func (p passphrase) Load(ctx context.Context) (Key, error) {
	content, err := readFile("load", passphraseName, p.path)
	if err != nil {
		return Key{}, err
	}
	var s sealedKey
	if err := json.Unmarshal(content, &s); err != nil || !s.plausible() { // its error may quote the file
		return Key{}, damaged("load", passphraseName, p.path, "is not a key under a passphrase of this version")
	}
	phrase, err := p.phrase(ctx, "load", false)
	if err != nil {
		return Key{}, err
	}
	text, err := s.aead(phrase).Open(nil, s.Nonce, s.Sealed, nil)
	if err != nil {
		return Key{}, &Error{
			Operation: "load", Source: passphraseName, Path: p.path, Err: ErrPassphrase,
			Remedy: "ask again, or delete the file to begin with a new key; what was sealed before is then lost",
		}
	}
	return parseKept(passphraseName, p.path, text)
}

// Store implements [Source].
func (p passphrase) Store(ctx context.Context, key Key) error {
	phrase, err := p.phrase(ctx, "store", true)
	if err != nil {
		return err
	}
	s := sealedKey{Version: 1, Time: argonTime, MemoryKiB: argonMemory, Threads: argonThreads, Salt: make([]byte, saltSize)}
	_, _ = rand.Read(s.Salt) // never fails: it ends the program instead
	aead := s.aead(phrase)
	s.Nonce = make([]byte, aead.NonceSize())
	_, _ = rand.Read(s.Nonce)
	s.Sealed = aead.Seal(nil, s.Nonce, []byte(key.Text().Reveal()), nil)
	content, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return failed("store", passphraseName, p.path, err)
	}
	return writeFile("store", passphraseName, p.path, append(content, '\n'))
}

// phrase asks the user.
func (p passphrase) phrase(ctx context.Context, operation string, fresh bool) (domain.Secret, error) {
	var phrase domain.Secret
	var err error
	if p.ask != nil {
		phrase, err = p.ask(ctx, fresh)
	}
	switch {
	case err != nil:
		return phrase, &Error{Operation: operation, Source: passphraseName, Problem: "the user was asked", Err: err}
	case phrase.IsZero():
		return phrase, &Error{
			Operation: operation, Source: passphraseName, Problem: "the user cannot be asked here", Err: ErrUnavailable,
			Remedy: "start the program where it can ask",
		}
	}
	return phrase, nil
}

func (s sealedKey) plausible() bool {
	return s.Version == 1 && s.Time > 0 && s.Time <= maxTime && s.MemoryKiB <= maxMemory && s.Threads > 0 &&
		len(s.Salt) >= saltSize && len(s.Nonce) == nonceSize
}

const nonceSize = 12

func (s sealedKey) aead(phrase domain.Secret) cipher.AEAD {
	derived := argon2.IDKey([]byte(phrase.Reveal()), s.Salt, s.Time, s.MemoryKiB, s.Threads, KeySize)
	block, err := aes.NewCipher(derived)
	if err != nil {
		panic(err) // only for keys of a wrong size
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // never for AES
	}
	return aead
}
