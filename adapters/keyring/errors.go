package keyring

import (
	"errors"
	"io/fs"
)

// What an [Error] may be, for [errors.Is].
var (
	// ErrNoKey: no key is kept in this place.
	ErrNoKey = errors.New("no key is kept here")

	// ErrUnavailable: this place cannot be used now, or not on this machine. Another one may.
	ErrUnavailable = errors.New("not available")

	// ErrUnsafe: another user may read or change the file or the folder.
	ErrUnsafe = errors.New("not safe")

	// ErrDamaged: what is kept in this place is not a key.
	ErrDamaged = errors.New("damaged")

	// ErrPassphrase: the passphrase is not the one with which the key was sealed, or the file was changed.
	ErrPassphrase = errors.New("wrong passphrase, or the file was changed")
)

// Error says what could not be done with a key. It holds no secret.
type Error struct {
	Operation string // "load", "store", "choose"
	Source    string // [Source].Name; "" for a ladder of several
	Path      string // the file or folder, when there is one
	Problem   string // what is wrong, when the cause does not tell
	Remedy    string // what to do, when something can be said
	Err       error  // the cause: one of the sentinels, the context's error or the operating system's
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Operation + " key"
	if e.Source != "" {
		text += ": " + e.Source
	}
	if e.Path != "" {
		text += " " + e.Path
	}
	return text + ": " + e.reason()
}

// reason is what went wrong, without saying where.
func (e *Error) reason() string {
	text := e.Err.Error()
	if e.Problem != "" {
		text = e.Problem + ": " + text
	}
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// brief is what went wrong, without the remedy and without a sentinel that says no more.
func (e *Error) brief() string {
	switch {
	case e.Problem == "":
		return e.Err.Error()
	case e.Err == ErrUnavailable || e.Err == ErrNoKey: //nolint:errorlint // a wrapped one has more to say
		return e.Problem
	}
	return e.Problem + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// failed wraps an error of the operating system, whose text need not repeat the path.
func failed(operation, source, path string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	remedy := ""
	if errors.Is(err, fs.ErrPermission) {
		remedy = "let the program's user own the file and its folder"
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return &Error{Operation: operation, Source: source, Path: path, Err: err, Remedy: remedy}
}
