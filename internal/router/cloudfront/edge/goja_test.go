package edge_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/router/cloudfront/edge"
)

// function is the CloudFront Function in a JavaScript engine, with the modules of CloudFront's
// runtime that it imports. The engine has no import statements. So each of the two becomes the
// declaration of a constant; nothing else of the text is changed.
type function struct {
	engine  *goja.Runtime
	handler goja.Callable
	// value is what the key holds, and nil if the store does not have it.
	value *string
	// asked are the keys that were read.
	asked []string
}

const (
	distribution = "E1ABCDEF234567"
	fallback     = "r1"
)

func newFunction(t *testing.T) *function {
	t.Helper()
	text, err := edge.Source(fallback)
	require.NoError(t, err)
	f := &function{engine: goja.New()}
	for statement, constant := range map[string]string{
		"import cf from 'cloudfront';": "const cf = modules.cloudfront;",
		"import crypto from 'crypto';": "const crypto = modules.crypto;",
	} {
		require.Equal(t, 1, strings.Count(text, statement))
		text = strings.Replace(text, statement, constant, 1)
	}
	require.NotContains(t, text, "import ")
	require.NoError(t, f.engine.Set("modules", map[string]any{
		"cloudfront": map[string]any{"kvs": f.kvs},
		"crypto":     map[string]any{"createHash": f.createHash},
	}))
	_, err = f.engine.RunString("'use strict';" + text)
	require.NoError(t, err)
	handler, ok := goja.AssertFunction(f.engine.Get("handler"))
	require.True(t, ok)
	f.handler = handler
	return f
}

// kvs returns the store. Its get returns a promise, which is rejected for a missing key.
func (f *function) kvs() map[string]any {
	return map[string]any{"get": func(key string) *goja.Promise {
		promise, resolve, reject := f.engine.NewPromise()
		f.asked = append(f.asked, key)
		var err error
		if f.value == nil {
			err = reject(f.engine.NewGoError(errors.New("KeyNotFound")))
		} else {
			err = resolve(*f.value)
		}
		if err != nil {
			panic(err)
		}
		return promise
	}}
}

func (f *function) createHash(algorithm string) map[string]any {
	if algorithm != "sha256" {
		panic(f.engine.NewGoError(errors.New("unknown algorithm " + algorithm)))
	}
	hash := sha256.New()
	methods := map[string]any{}
	methods["update"] = func(text string) map[string]any {
		hash.Write([]byte(text))
		return methods
	}
	methods["digest"] = func(encoding string) string {
		if encoding != "hex" {
			panic(f.engine.NewGoError(errors.New("unknown encoding " + encoding)))
		}
		return hex.EncodeToString(hash.Sum(nil))
	}
	return methods
}

// viewer is who sends a request. Empty fields are not sent.
type viewer struct {
	ip, agent, cookie, preview string
}

// ask calls the function with a request, and returns the request that it makes of it.
func (f *function) ask(t require.TestingT, v viewer, uri string, query map[string]any) map[string]any {
	headers, cookies := map[string]any{"host": map[string]any{"value": "www.example.com"}}, map[string]any{}
	if v.agent != "" {
		headers["user-agent"] = map[string]any{"value": v.agent}
	}
	if v.preview != "" {
		headers[edge.PreviewHeader] = map[string]any{"value": v.preview}
	}
	if v.cookie != "" {
		cookies[edge.BucketCookie] = map[string]any{"value": v.cookie}
	}
	if query == nil {
		query = map[string]any{}
	}
	request := map[string]any{"method": "GET", "uri": uri, "querystring": query, "headers": headers, "cookies": cookies}
	answer, err := f.handler(goja.Undefined(), f.engine.ToValue(map[string]any{
		"version": "1.0", "context": map[string]any{"distributionId": distribution, "eventType": "viewer-request"},
		"viewer": map[string]any{"ip": v.ip}, "request": request,
	}))
	require.NoError(t, err)
	promise, ok := answer.Export().(*goja.Promise)
	require.True(t, ok)
	require.Equal(t, goja.PromiseStateFulfilled, promise.State(), "%v", promise.Result())
	changed, ok := promise.Result().Export().(map[string]any)
	require.True(t, ok)
	return changed
}

// uri returns the path that the function asks for.
func (f *function) uri(t require.TestingT, v viewer, uri string) string {
	text, _ := f.ask(t, v, uri, nil)["uri"].(string)
	return text
}

// release returns the release that a viewer gets.
func (f *function) release(t require.TestingT, v viewer) string {
	rest, ours := strings.CutPrefix(f.uri(t, v, "/a.txt"), edge.ReleasesPath)
	require.True(t, ours)
	return strings.TrimSuffix(rest, "/a.txt")
}

func (f *function) holds(text string) *function {
	f.value = &text
	return f
}
