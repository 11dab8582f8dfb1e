package connections

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

var errSwitched = errors.New("unsupported response status: 101")

// readBody reads an answer to its end, and returns its text if it is to be kept.
func readBody(answer *http.Response, keep bool) (string, error) {
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return "", errSwitched
	}
	if !keep {
		_, err := io.Copy(io.Discard, answer.Body)
		return "", err
	}
	decoded, err := decode(answer)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(decoded)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return string(text), err
}

// decode undoes the encodings that a request accepts, the last one first.
func decode(answer *http.Response) (io.Reader, error) {
	if answer.ContentLength == 0 || answer.StatusCode == http.StatusNoContent ||
		answer.StatusCode == http.StatusNotModified {
		return answer.Body, nil
	}
	var body io.Reader = answer.Body
	named := strings.Split(answer.Header.Get("Content-Encoding"), ",")
	for _, one := range slices.Backward(named) {
		var err error
		switch strings.ToLower(strings.TrimSpace(one)) {
		case "gzip":
			body, err = gzip.NewReader(body)
		case "deflate":
			body, err = zlib.NewReader(body)
		case "br":
			body = brotli.NewReader(body)
		}
		if err != nil {
			return nil, fmt.Errorf("error decompressing response body: %w", err)
		}
	}
	return body, nil
}
