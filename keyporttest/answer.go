package keyporttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// answer is what the server says, before it is put on a wire.
type answer struct {
	status int
	header http.Header
	body   io.Reader
	length int64 // Content-Length; -1 for unknown
	err    error // the connection breaks instead
}

// object answers with JSON.
func object(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text(status, string(body))
}

func text(status int, body string) answer {
	return answer{
		status: status, body: bytes.NewReader([]byte(body)), length: int64(len(body)),
		header: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Cache-Control": {"no-store, no-cache"}},
	}
}

// refuse answers with an error as Entra ID words it; number 0 is another server's.
func refuse(status int, code string, number int, why string) answer {
	if number == 0 {
		return object(status, map[string]any{"error": code, "error_description": why})
	}
	return object(status, map[string]any{
		"error": code, "error_description": "AADSTS" + strconv.Itoa(number) + ": " + why,
		"error_codes": []int{number}, "trace_id": "7e5d0f3a-0000-4000-8000-000000000001",
	})
}
