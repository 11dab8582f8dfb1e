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
	sent := &source{Reader: answer.Body}
	decoded, err := decode(answer, sent)
	if err != nil {
		return "", sent.why(err)
	}
	text, err := io.ReadAll(decoded)
	if err != nil {
		return "", sent.why(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return string(text), err
}

// source is a body as it is sent, and whether reading it failed.
type source struct {
	io.Reader
	failed bool
}

// Read reads on.
func (s *source) Read(to []byte) (int, error) {
	n, err := s.Reader.Read(to)
	s.failed = s.failed || err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// why says that a body cannot be unpacked although all of it was sent: then its end is not a broken connection.
func (s *source) why(err error) error {
	if s.failed {
		return err
	}
	return fmt.Errorf("error decompressing response body: %v", err) //nolint:errorlint // that is the point
}

// decode undoes the encodings that a request accepts, the last one first.
func decode(answer *http.Response, body io.Reader) (io.Reader, error) {
	if answer.ContentLength == 0 || answer.StatusCode == http.StatusNoContent ||
		answer.StatusCode == http.StatusNotModified {
		return body, nil
	}
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
			return nil, err
		}
	}
	return body, nil
}
