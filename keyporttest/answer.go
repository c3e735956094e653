package keyporttest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// answer is what the server says, before it is put on a wire.
type answer struct {
	status int
	header http.Header
	body   io.Reader
	length int64 // Content-Length; -1 for none
	err    error // the connection breaks instead
}

// object answers with JSON that nobody may store (RFC 6749 §5.1).
func object(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	out := text(status, string(body))
	out.header.Set("Cache-Control", "no-store, no-cache")
	out.header.Set("Pragma", "no-cache")
	out.header.Set("Expires", "-1")
	return out
}

// document answers with JSON that is public and may be kept for a day.
func document(v any) answer {
	out := object(http.StatusOK, v)
	out.header.Set("Cache-Control", "max-age=86400, private")
	out.header.Del("Pragma")
	out.header.Del("Expires")
	return out
}

// text answers with a body as it is, which is taken to be JSON.
func text(status int, body string) answer {
	return answer{
		status: status, body: strings.NewReader(body), length: int64(len(body)),
		header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	}
}

// empty answers with a status only.
func empty(status int) answer {
	return answer{status: status, body: http.NoBody, header: http.Header{}}
}
