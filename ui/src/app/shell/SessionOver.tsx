import { Modal, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { onExpired } from "../../api/client";
import { queries, useMe } from "../../api/queries";
import { SignInForm } from "../../pages/login/SignInForm";

/** Asks for the password again over the page, so that nothing that was typed there is lost. */
export function SessionOver() {
  const { t } = useTranslation("login");
  const name = useMe().data?.user.name;
  const [isOver, setOver] = useState(false);
  useEffect(() => onExpired(() => setOver(true)), []);
  const again = () => {
    setOver(false);
    void queries.invalidateQueries();
  };
  return (
    <Modal
      opened={isOver}
      onClose={() => {}}
      zIndex={320}
      withCloseButton={false}
      closeOnEscape={false}
      title={t("over")}
      centered
    >
      <Text size="sm" mb="md">
        {t("overHint")}
      </Text>
      <SignInForm name={name} onDone={again} />
    </Modal>
  );
}
