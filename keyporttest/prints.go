package keyporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
)

// verbs are those by which a value may get into a text, by intent or by mistake.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%U"}

// prints shows one value, as it is and behind a pointer.
func prints(v any) []form {
	out := byFmt("", v)
	inside := struct{ hidden any }{v} // fmt calls no methods behind an unexported field
	out = append(out, byFmt("inside a struct, ", inside)...)
	out = append(out, byFmt("inside a map, ", map[string]any{"v": v})...)
	out = append(out, byEncoding("", v)...)
	out = append(out, byEncoding("inside a struct, ", struct{ V any }{v})...)
	out = append(out, bySlog(v)...)
	if t := reflect.TypeOf(v); t != nil && t.Kind() != reflect.Pointer {
		pointer := reflect.New(t)
		pointer.Elem().Set(reflect.ValueOf(v))
		out = append(out, byFmt("a pointer, ", pointer.Interface())...)
		out = append(out, byEncoding("a pointer, ", pointer.Interface())...)
	}
	return out
}

func byFmt(of string, v any) []form {
	out := make([]form, 0, len(verbs))
	for _, verb := range verbs {
		out = append(out, form{of + verb, fmt.Sprintf(verb, v)})
	}
	return out
}

// byEncoding shows what is stored or sent of a value. What cannot be encoded says so
// in an error, which is a text like any other.
func byEncoding(of string, v any) []form {
	var out []form
	for _, e := range []struct {
		name   string
		encode func(any) ([]byte, error)
	}{{"JSON", json.Marshal}, {"XML", xml.Marshal}} {
		text, err := e.encode(v)
		if err != nil {
			text = []byte(err.Error())
		}
		out = append(out, form{of + e.name, string(text)})
	}
	return out
}

// bySlog logs a value at every level, alone, in a group, and under a logger.
func bySlog(v any) []form {
	var out []form
	for _, h := range []struct {
		name string
		make func(*bytes.Buffer) slog.Handler
	}{
		{"slog text", func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, everyLevel) }},
		{"slog JSON", func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, everyLevel) }},
	} {
		var buffer bytes.Buffer
		logger := slog.New(h.make(&buffer))
		for _, level := range []slog.Level{slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			logger.Log(context.Background(), level, "x", "v", v, slog.Group("g", "v", v))
		}
		logger.With("v", v).WithGroup("g").Info("x", "list", []any{v})
		out = append(out, form{h.name, buffer.String()})
	}
	return out
}
