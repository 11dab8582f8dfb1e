package com.example.login;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Brings the database up to date before the web server listens, so that "healthy" means ready. */
@Component
class Migration implements InitializingBean {

    private final Users users;
    private final int seedUsers;

    Migration(Users users, @Value("${SEED_USERS:0}") int seedUsers) {
        this.users = users;
        this.seedUsers = seedUsers;
    }

    @Override
    public void afterPropertiesSet() {
        users.migrate(seedUsers);
    }
}
