package portstest_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// gcm is a sealer that keeps the contract. Broken ones embed it.
type gcm struct{ aead cipher.AEAD }

func newGCM() gcm {
	block, err := aes.NewCipher([]byte("0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return gcm{aead}
}

func (s gcm) Seal(ctx context.Context, plaintext, associated []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.aead.Seal(nil, nil, plaintext, associated), nil
}

func (s gcm) Open(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	plaintext, err := s.aead.Open(nil, nil, sealed, associated)
	if err != nil {
		return nil, domain.ErrSealBroken
	}
	return plaintext, nil
}

func TestSealerAcceptsTheStandardLibrary(t *testing.T) {
	portstest.Sealer(t, func(*testing.T) ports.Sealer { return newGCM() })
}
