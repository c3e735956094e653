package ports

import "context"

// Sealer encrypts bytes that leave for a store: who can read the store learns their
// length and nothing else, and who can write it can destroy them and nothing else.
//
// Associated data says what the bytes are and where they belong. It is not stored: who
// opens the bytes says it again, so bytes that were moved to another place do not open.
//
// Implementations are safe for concurrent use. They neither change nor keep the slices
// that they are given. Errors quote neither plaintext nor associated data, which names people.
type Sealer interface {
	// Seal encrypts plaintext and authenticates it together with associated. Twice the
	// same arguments give different bytes.
	Seal(ctx context.Context, plaintext, associated []byte) (sealed []byte, err error)
	// Open returns what was sealed. It fails with [domain.ErrSealBroken] when sealed is not
	// what Seal returned for this associated data. Every other error says that it could
	// not be told, because the key or the service that has it is missing: the caller then
	// neither uses what is stored nor overwrites it.
	Open(ctx context.Context, sealed, associated []byte) (plaintext []byte, err error)
}
