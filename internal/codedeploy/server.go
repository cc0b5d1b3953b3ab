package codedeploy

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

const contentType = "application/x-amz-json-1.1"

// Server answers the calls of CodeDeploy's clients by HTTP.
//
// It cannot check signatures: the key that signs is made from a secret that only AWS and the caller
// have. So it acts for whoever reaches it, and only programs of this machine must: it listens on
// the loopback interface alone, and refuses what a page in a browser sends.
type Server struct {
	Service *Service
	// Address is where it listens, with the port.
	Address netip.AddrPort
}

// ListenAddress reads an address to listen on. It accepts none that other machines can reach.
func ListenAddress(text string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is no address with a port, such as 127.0.0.1:4571", text)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	address, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	switch {
	case err != nil:
		return netip.AddrPort{}, fmt.Errorf("%q is no address with a port, such as 127.0.0.1:4571", text)
	case !address.Addr().IsLoopback():
		return netip.AddrPort{}, fmt.Errorf("%s can be reached from other machines, and nobody but AWS can check signatures: anybody there could start deployments with your credentials; use 127.0.0.1", address.Addr())
	}
	return address, nil
}

// ServeHTTP answers a call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s.call(w, r)
	status := http.StatusOK
	if err != nil {
		e := translate(err)
		slog.ErrorContext(r.Context(), "call refused", "operation", shift.BoundText(r.Header.Get("X-Amz-Target"), maxShown), "error", e)
		status, body = e.Status, map[string]string{"__type": e.Type, "message": e.Message}
	}
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"__type":"InternalFailure"}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", rand.Text())
	w.WriteHeader(status)
	_, _ = w.Write(text) // the caller has gone
}

func (s *Server) call(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := s.admit(r); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &Error{http.StatusRequestEntityTooLarge, "SerializationException", fmt.Sprintf("the body has more than %d bytes", maxBody)}
	case err != nil:
		return nil, newError("SerializationException", "the body cannot be read: %v", err)
	}
	call, err := Decode(r.Header.Get("X-Amz-Target"), body)
	if err != nil {
		return nil, err
	}
	return s.Service.answer(r.Context(), call, r.Header.Get("Amz-Sdk-Invocation-Id"))
}

// browserHeaders are sent by browsers alone, with what a page has them send (Fetch, the Origin
// header; Fetch Metadata).
var browserHeaders = []string{"Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode"}

// admit refuses what comes from a page in a browser of this machine. Such a page can send requests
// to the loopback interface, and can give its own name an address of it: then it sends that name
// as the Host.
func (s *Server) admit(r *http.Request) error {
	refuse := func(status int, format string, args ...any) error {
		return &Error{status, "AccessDeniedException", fmt.Sprintf(format, args...)}
	}
	if !slices.Contains(s.hosts(), strings.ToLower(r.Host)) {
		return refuse(http.StatusForbidden, "the header Host must be one of %s", strings.Join(s.hosts(), ", "))
	}
	for _, name := range browserHeaders {
		if r.Header.Get(name) != "" {
			return refuse(http.StatusForbidden, "the header %s comes from a browser, and a web page must not start deployments with your credentials", name)
		}
	}
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-1.") {
		return refuse(http.StatusForbidden, "only POST with the Content-Type %s is answered", contentType)
	}
	return nil
}

// hosts are the names under which clients reach the server.
func (s *Server) hosts() []string {
	port := fmt.Sprint(s.Address.Port())
	return []string{s.Address.String(), "localhost:" + port}
}
