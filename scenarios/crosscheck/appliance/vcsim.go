// A vCenter that we did not write, for vcsim.long.ts: prints its URL and its certificate (DER, hexadecimal), and
// serves until it is interrupted. Built with Debian's golang-go and golang-github-vmware-govmomi-dev.
package main

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"os/signal"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	model := simulator.VPX()
	model.Machine = 5
	if err := model.Create(); err != nil {
		panic(err)
	}
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword("user", "pass")}
	model.Service.TLS = new(tls.Config)
	s := model.Service.NewServer()
	fmt.Println(s.URL)
	cert := s.Certificate()
	fmt.Printf("%x\n", cert.Raw)
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	<-c
}
