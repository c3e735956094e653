package portstest_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// faultySealer is a sealer with another idea of Seal or Open.
type faultySealer struct {
	gcm
	seal, open func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error)
}

func (f faultySealer) Seal(ctx context.Context, plaintext, associated []byte) ([]byte, error) {
	if f.seal != nil {
		return f.seal(ctx, f.gcm, plaintext, associated)
	}
	return f.gcm.Seal(ctx, plaintext, associated)
}

func (f faultySealer) Open(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	if f.open != nil {
		return f.open(ctx, f.gcm, sealed, associated)
	}
	return f.gcm.Open(ctx, sealed, associated)
}

// sealer runs the suite on what newSealer returns.
func sealer(newSealer func() faultySealer) func(*testing.T) {
	return func(t *testing.T) {
		portstest.Sealer(t, func(*testing.T) ports.Sealer {
			f := newSealer()
			f.gcm = newGCM()
			return f
		})
	}
}

type sealing = func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error)

func sealsWith(seal, open sealing) func(*testing.T) {
	return sealer(func() faultySealer { return faultySealer{seal: seal, open: open} })
}

const (
	opened     = "what was sealed is opened"
	showsNone  = "sealed bytes do not show what is in them"
	otherPlace = "other associated data does not open"
	flips      = "a changed byte does not open"
	cuts       = "cut or longer bytes do not open"
	leftAlone  = "slices are left alone"
	ended      = "a context that has ended opens nothing wrong"
)

var brokenSealers = []broken{
	{"refuses what is empty", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		if len(data) == 0 {
			return nil, errors.New("nothing to seal")
		}
		return g.Seal(ctx, data, associated)
	}, nil), []string{opened}},
	{"cuts what is long", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		return g.Seal(ctx, data[:min(len(data), 65536)], associated)
	}, nil), []string{opened}},
	{"signs and does not encrypt", sealsWith(func(_ context.Context, _ gcm, data, associated []byte) ([]byte, error) {
		return append(signature(data, associated), data...), nil
	}, func(_ context.Context, _ gcm, sealed, associated []byte) ([]byte, error) {
		if len(sealed) < sha256.Size || !bytes.Equal(sealed[:sha256.Size], signature(sealed[sha256.Size:], associated)) {
			return nil, domain.ErrSealBroken
		}
		return slices.Clone(sealed[sha256.Size:]), nil
	}), []string{showsNone, "sealing twice gives different bytes"}},
	{"stores the associated data", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		sealed, err := g.Seal(ctx, data, associated)
		return append(sealed, associated...), err
	}, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		rest, ok := bytes.CutSuffix(sealed, associated)
		if !ok {
			return nil, domain.ErrSealBroken
		}
		return g.Open(ctx, rest, associated)
	}), []string{showsNone}},
	{"uses one nonce", sealsWith(func(_ context.Context, _ gcm, data, associated []byte) ([]byte, error) {
		return oneNonce().Seal(nil, make([]byte, 12), data, associated), nil
	}, func(_ context.Context, _ gcm, sealed, associated []byte) ([]byte, error) {
		plaintext, err := oneNonce().Open(nil, make([]byte, 12), sealed, associated)
		if err != nil {
			return nil, domain.ErrSealBroken
		}
		return plaintext, nil
	}), []string{"sealing twice gives different bytes"}},
	{"ignores associated data", sealsWith(func(ctx context.Context, g gcm, data, _ []byte) ([]byte, error) {
		return g.Seal(ctx, data, nil)
	}, func(ctx context.Context, g gcm, sealed, _ []byte) ([]byte, error) { return g.Open(ctx, sealed, nil) }), []string{otherPlace}},
	{"folds letter case of associated data", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		return g.Seal(ctx, data, bytes.ToLower(associated))
	}, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		return g.Open(ctx, sealed, bytes.ToLower(associated))
	}), []string{otherPlace}},
	{"does not say that a seal is broken", sealsWith(nil, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		plaintext, err := g.Open(ctx, sealed, associated)
		if err != nil {
			return nil, errors.New("cannot decrypt")
		}
		return plaintext, nil
	}), []string{otherPlace, flips, cuts}},
	{"encrypts and does not authenticate", sealsWith(func(ctx context.Context, g gcm, data, _ []byte) ([]byte, error) {
		return stream(data, true), nil
	}, func(_ context.Context, _ gcm, sealed, _ []byte) ([]byte, error) {
		if len(sealed) < aes.BlockSize {
			return nil, domain.ErrSealBroken
		}
		return stream(sealed, false), nil
	}), []string{otherPlace, flips, cuts, "plaintext does not open"}},
	{"does not authenticate its header", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		sealed, err := g.Seal(ctx, data, associated)
		return append([]byte("v1"), sealed...), err
	}, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		if len(sealed) < 2 {
			return nil, domain.ErrSealBroken
		}
		return g.Open(ctx, sealed[2:], associated)
	}), []string{flips}},
	{"ignores what follows", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		sealed, err := g.Seal(ctx, data, associated)
		return append([]byte{byte(len(sealed) >> 16), byte(len(sealed) >> 8), byte(len(sealed))}, sealed...), err
	}, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		if len(sealed) < 3 || len(sealed) < 3+(int(sealed[0])<<16|int(sealed[1])<<8|int(sealed[2])) {
			return nil, domain.ErrSealBroken
		}
		return g.Open(ctx, sealed[3:3+(int(sealed[0])<<16|int(sealed[1])<<8|int(sealed[2]))], associated)
	}), []string{cuts}},
	{"hands out what it cannot open", sealsWith(nil, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		if plaintext, err := g.Open(ctx, sealed, associated); err == nil {
			return plaintext, nil
		}
		return sealed, nil
	}), []string{otherPlace, flips, cuts, "plaintext does not open"}},
	{"hands out beside an error", sealsWith(nil, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		plaintext, err := g.Open(ctx, sealed, associated)
		if err != nil {
			return sealed, err
		}
		return plaintext, nil
	}), []string{otherPlace, flips, "plaintext does not open"}},
	{"quotes in errors", sealsWith(nil, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		plaintext, err := g.Open(ctx, sealed, associated)
		if err != nil {
			return nil, fmt.Errorf("open %q for %q: %w", sealed, associated, err)
		}
		return plaintext, nil
	}), []string{flips, cuts, "plaintext does not open"}},
	{"seals in place", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		sealed, err := g.Seal(ctx, data, associated)
		clear(data)
		return sealed, err
	}, nil), []string{leftAlone}},
	{"opens in place", sealsWith(nil, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		plaintext, err := g.Open(ctx, sealed, associated)
		if err != nil {
			return nil, err
		}
		return sealed[:copy(sealed, plaintext)], nil
	}), []string{leftAlone}},
	{"uses one buffer", sealer(func() faultySealer {
		var mu sync.Mutex
		buffer := make([]byte, 0, 1<<20)
		return faultySealer{open: func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
			plaintext, err := g.Open(ctx, sealed, associated)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			return append(buffer[:0], plaintext...), nil
		}}
	}), []string{leftAlone}},
	{"mixes callers", sealer(func() faultySealer {
		var mu sync.Mutex
		var last []byte
		return faultySealer{seal: func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
			mu.Lock()
			last = data
			mu.Unlock()
			together := make(chan struct{})
			go close(together) // gives others their chance
			<-together
			mu.Lock()
			defer mu.Unlock()
			return g.Seal(ctx, last, associated)
		}}
	}), []string{"many callers do not mix"}},
	{"takes an ended context for a broken seal", sealsWith(nil, func(ctx context.Context, g gcm, sealed, associated []byte) ([]byte, error) {
		if ctx.Err() != nil {
			return nil, domain.ErrSealBroken
		}
		return g.Open(ctx, sealed, associated)
	}), []string{ended}},
	{"seals half when a context has ended", sealsWith(func(ctx context.Context, g gcm, data, associated []byte) ([]byte, error) {
		if ctx.Err() != nil {
			data = data[:len(data)/2]
		}
		return g.Seal(context.WithoutCancel(ctx), data, associated)
	}, nil), []string{ended}},
}

func signature(data, associated []byte) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "key %d %s%s", len(associated), associated, data))
	return sum[:]
}

func oneNonce() cipher.AEAD {
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// stream encrypts after a random block, or decrypts, and checks nothing.
func stream(data []byte, encrypt bool) []byte {
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	if encrypt {
		data = append(newGCM().aead.Seal(nil, nil, nil, nil)[:aes.BlockSize:aes.BlockSize], data...)
	}
	out := slices.Clone(data)
	cipher.NewCTR(block, data[:aes.BlockSize]).XORKeyStream(out[aes.BlockSize:], data[aes.BlockSize:])
	if encrypt {
		return out
	}
	return out[aes.BlockSize:]
}
