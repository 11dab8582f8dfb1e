package com.example.login;

import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The pages; `/` is static/index.html. */
@RestController
class LoginController {

    record Form(String username, String password) {}

    private final Users users;

    LoginController(Users users) {
        this.users = users;
    }

    /** Without the database: its outage should not replace every instance. */
    @GetMapping("${HEALTH_PATH:/health}")
    String health() {
        return "ok";
    }

    @PostMapping("/login")
    ResponseEntity<Map<String, String>> login(@RequestBody Form form) {
        if (form.username() == null || form.password() == null) {
            return ResponseEntity.badRequest().body(Map.of("error", "send username and password"));
        }
        if (!users.accepts(form.username(), form.password())) {
            return ResponseEntity.status(HttpStatus.UNAUTHORIZED)
                    .body(Map.of("error", "unknown user or wrong password"));
        }
        return ResponseEntity.ok(Map.of("user", form.username()));
    }
}
