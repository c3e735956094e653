package cachekit

import (
	"errors"
	"fmt"

	"github.com/seed57855a68/keyport/domain"
)

// What is wrong with stored bytes, for [errors.Is] on an [Error] and on a [Problem]. Bytes
// whose seal is broken are [domain.ErrSealBroken].
var (
	// ErrDamaged: the bytes are not what this package writes.
	ErrDamaged = errors.New("the stored data is damaged")
	// ErrNewer: a newer version of this library wrote them. They are left as they are.
	ErrNewer = errors.New("a newer version of this library wrote the stored data")
	// ErrUnknownKey: they were sealed with a key that is not in the key ring. They are left as they are.
	ErrUnknownKey = errors.New("the key ring has no such key")
	// ErrPlaintext: they are not sealed although they should be.
	ErrPlaintext = errors.New("the stored data is not sealed")
	// ErrRolledBack: they are older than what this cache has seen before.
	ErrRolledBack = errors.New("the stored data is older than before")
)

// What else an [Error] may be.
var (
	// ErrConflict: other writers were quicker each time.
	ErrConflict = errors.New("the stored data changes too often")
	// ErrCannotList: the store cannot say what it holds, so there are no Keys.
	ErrCannotList = errors.New("the store cannot list what it holds")
)

// Error says what could not be done with a store. It names no person.
type Error struct {
	Operation string // "load", "update", "list", "verify"
	Name      string // of the blob; "" for none
	Remedy    string // what to do, when something can be said
	Err       error  // the cause: one of this package, of the store or of the sealer
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Operation + " tokens"
	if e.Name != "" {
		text += " in " + e.Name
	}
	text += ": " + e.Err.Error()
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func failed(operation, name string, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	return &Error{Operation: operation, Name: name, Err: err, Remedy: remedyFor(err)}
}

func remedyFor(err error) string {
	switch {
	case errors.Is(err, ErrNewer):
		return "update the program"
	case errors.Is(err, ErrUnknownKey):
		return "put the key into KeyRingOptions.Accepted, or delete the data"
	case errors.Is(err, ErrPlaintext):
		return "it is not used, and replaced at the next write; find out who else can write the store, or, when it was a plain one of yours, " +
			"set CodecOptions.InsecureAcceptPlaintextUntil for some days"
	case errors.Is(err, ErrCannotList):
		return "let it implement BlobLister"
	case errors.Is(err, ErrRolledBack), errors.Is(err, ErrDamaged), errors.Is(err, domain.ErrSealBroken):
		return "it is not used, and replaced at the next write; find out who else can write the store"
	}
	return ""
}

// Problem tells of a record, or of a whole set, that is in the store and is not used, or
// that ought not to be as it is. It names no person and holds no secret.
type Problem struct {
	Name string // of the blob
	Line int    // of the record in it, from 1; 0 for the whole set
	Err  error  // one of this package, or [domain.ErrSealBroken]
}

// String says what and where.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("the set %s: %v", p.Name, p.Err)
	}
	return fmt.Sprintf("record %d of the set %s: %v", p.Line, p.Name, p.Err)
}

// isLost reports whether what is stored is of no use to anybody, so that it may be replaced.
func isLost(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrPlaintext) || errors.Is(err, ErrRolledBack) || errors.Is(err, domain.ErrSealBroken)
}
