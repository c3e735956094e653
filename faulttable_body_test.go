package keyport_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/seed57855a68/keyport"
)

var encodingFaults = []fault{
	{what: "none: gzip", set: zipped(strings.NewReader(goodAnswer), -1), get: aToken, connections: 1, sent: 1},
	{what: "a gzip bomb: 64 MiB in 64 KiB", set: zipped(io.LimitReader(zeros{}, 64<<20), -1), get: badAnswer, connections: 1, sent: 1},
	{what: "64 MiB", set: func(w *wire) {
		w.answer = func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(rw, io.LimitReader(zeros{}, 64<<20)) }
	}, get: badAnswer, connections: 1, sent: 1},
	{what: "gzip that is cut off", set: zipped(strings.NewReader(goodAnswer), 40), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "gzip that is none", set: answers(200, goodAnswer, "Content-Encoding", "gzip"), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "br", set: answers(200, goodAnswer, "Content-Encoding", "br"), get: badAnswer, connections: 1, sent: 1},
	{what: "an encoding that nobody knows", set: answers(200, goodAnswer, "Content-Encoding", faultToken), get: badAnswer, connections: 1, sent: 1},
	{what: "text/html that is JSON", set: answers(200, goodAnswer, "Content-Type", "text/html"), get: aToken, connections: 1, sent: 1},
	{what: "no content type", set: answers(200, goodAnswer, "Content-Type", ""), get: aToken, connections: 1, sent: 1},
	{what: "a charset that says ISO-8859-1, over ASCII", set: answers(200, goodAnswer, "Content-Type", "application/json; charset=iso-8859-1"), get: aToken, connections: 1, sent: 1},
	{what: "text in ISO-8859-1", set: member("name", "\"M\xfcller\""), get: badAnswer, connections: 1, sent: 1},
	{what: "UTF-16", set: body("\xff\xfe{\x00}\x00"), get: badAnswer, connections: 1, sent: 1},
	{what: "a byte order mark", set: body("\ufeff" + goodAnswer), get: badAnswer, connections: 1, sent: 1},
}

// zipped is a server that compresses, and stops after so many bytes; below zero at the end.
func zipped(plain io.Reader, stop int) func(*wire) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.Copy(z, plain); err != nil {
		panic(err)
	}
	_ = z.Close()
	if stop >= 0 {
		packed.Truncate(stop)
	}
	return answers(200, packed.String(), "Content-Encoding", "gzip")
}

var bodyFaults = []fault{
	badBody("an empty body", ""),
	badBody("white space", " \r\n"),
	badBody("a page", "<html><title>Sign in to the hotel's network "+faultToken+"</title></html>"),
	badBody("a form", "access_token="+faultToken+"&expires_in=3600"),
	badBody("null", "null"),
	badBody("a text", `"`+faultToken+`"`),
	badBody("a list", `["`+faultToken+`"]`),
	badBody("an empty object", "{}"),
	badBody("JSON that is cut off", goodAnswer[:len(goodAnswer)-1]),
	badBody("two objects", goodAnswer+goodAnswer),
	badBody("something behind the object", goodAnswer+faultToken),
	badBody("100,000 lists in one another", `{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`),
	badBody("a member twice", `{"access_token":"x","expires_in":3600,"access_token":"`+faultToken+`"}`),
	badBody("an error that is no code", `{"error":{"`+faultToken+`":1}}`),
	badBody("no access token", `{"expires_in":3600,"refresh_token":"`+faultToken+`"}`),
	badBody("an access token that is empty", `{"access_token":"","expires_in":3600}`),
	badBody("an access token that is a list", `{"access_token":["`+faultToken+`"],"expires_in":3600}`),
	badBody("a line break in the access token", `{"access_token":"`+faultToken+`\r\nX-Evil: 1","expires_in":3600}`),
	badBody("an access token of 600 KiB", `{"access_token":"`+strings.Repeat("x", 600<<10)+`","expires_in":3600}`),
	badBody("another token type", `{"token_type":"mac","access_token":"`+faultToken+`","expires_in":3600}`),
	{what: "an error code with 200", set: body(refused), get: refusal, is: keyport.ErrInvalidClient, connections: 1, sent: 1},
}

// badBody is a 200 that cannot be used.
func badBody(what, text string) fault {
	return fault{what: what, set: body(text), get: badAnswer, connections: 1, sent: 1}
}

var memberFaults = []fault{
	goodMember("expires_in: 3600", "expires_in", "3600"),
	goodMember(`expires_in: "3600"`, "expires_in", `"3600"`),
	goodMember("expires_in: 3599.9", "expires_in", "3599.9"),
	goodMember("expires_in: 3.6e3", "expires_in", "3.6e3"),
	goodMember("expires_in: 1e300", "expires_in", "1e300"),
	goodMember("expires_in: null", "expires_in", "null"),
	goodMember("expires_in: 0", "expires_in", "0"),
	{what: "no expires_in", set: body(`{"token_type":"Bearer","access_token":"` + faultToken + `"}`), get: aToken, connections: 1, sent: 1},
	badMember("expires_in: -1", "expires_in", "-1"),
	badMember("expires_in: 1e999", "expires_in", "1e999"),
	badMember(`expires_in: "soon"`, "expires_in", `"soon"`),
	badMember(`expires_in: ""`, "expires_in", `""`),
	badMember("expires_in: true", "expires_in", "true"),
	badMember("expires_in: {}", "expires_in", "{}"),
	goodMember("refresh_in: -1", "refresh_in", "-1"),
	goodMember("refresh_in beyond expires_in", "refresh_in", "7200"),
	goodMember(`ext_expires_in: "soon"`, "ext_expires_in", `"soon"`),
	badMember("scope: a list", "scope", `["a","b"]`),
	badMember("client_info: a number", "client_info", "1"),
	badMember("refresh_token: an object", "refresh_token", `{"`+faultToken+`":1}`),
	goodMember("members that nobody knows", "nested", `{"a":[1,{"b":null}]}`),
}

func goodMember(what, name, value string) fault {
	return fault{what: what, set: member(name, value), get: aToken, connections: 1, sent: 1}
}

func badMember(what, name, value string) fault {
	return fault{what: what, set: member(name, value), get: badAnswer, connections: 1, sent: 1}
}
