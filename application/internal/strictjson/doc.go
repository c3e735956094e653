// Package strictjson reads JSON objects that strangers send.
//
// It is narrower than encoding/json where that is dangerous: member names are
// compared to the letter (encoding/json folds case, and "acceſs_token" with it), a
// name may occur once (RFC 7493 §2.3), nesting is bounded, the text must be UTF-8
// without a byte order mark and without escapes of half a character (RFC 7493
// §2.1), and nothing may follow the object.
package strictjson
