//! Many keys or channels at once, all or none.

use super::audit::By;
use super::rows::{ChannelChange, KeyChange};
use super::token_list::once;
use super::{Store, StoreError, meta};

impl Store {
    /// Lets keys of the pool take part, or not. Gives the ids of those that are there, each once.
    ///
    /// # Errors
    /// Those of the database; nothing was changed then.
    pub async fn enable_keys(&self, ids: &[String], on: bool, by: &By) -> Result<Vec<String>, StoreError> {
        let change = KeyChange { enabled: Some(on), ..KeyChange::default() };
        let mut tx = self.db.write().await?;
        let mut found = Vec::new();
        for id in once(ids) {
            let done = self.alter_key(&mut tx, id, (&change, None), by).await;
            found.extend(is_there(done)?.then(|| id.clone()));
        }
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Deletes keys of the pool. Gives the ids of those that were there, each once.
    ///
    /// # Errors
    /// Those of the database; nothing was changed then.
    pub async fn delete_keys(&self, ids: &[String], by: &By) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut found = Vec::new();
        for id in once(ids) {
            found.extend(is_there(self.drop_key(&mut tx, (id, None), by).await)?.then(|| id.clone()));
        }
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Lets channels take part, or not. Gives the ids of those that are there, each once.
    ///
    /// # Errors
    /// Those of the database; nothing was changed then.
    pub async fn enable_channels(
        &self,
        ids: &[String],
        on: bool,
        by: &By,
    ) -> Result<Vec<String>, StoreError> {
        let change = ChannelChange { enabled: Some(on), ..ChannelChange::default() };
        let mut tx = self.db.write().await?;
        let mut found = Vec::new();
        for id in once(ids) {
            let done = self.alter_channel(&mut tx, id, (&change, None), by).await;
            found.extend(is_there(done)?.then(|| id.clone()));
        }
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Deletes channels with their backends. Gives the ids of those that were there, each once.
    ///
    /// # Errors
    /// Those of the database; nothing was changed then.
    pub async fn delete_channels(&self, ids: &[String], by: &By) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut found = Vec::new();
        for id in once(ids) {
            found.extend(is_there(self.drop_channel(&mut tx, (id, None), by).await)?.then(|| id.clone()));
        }
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }
}

fn is_there<T>(done: Result<T, StoreError>) -> Result<bool, StoreError> {
    match done {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
